import { z } from 'zod'

/** Longest pattern that may be given: labels are short, and so is what matches them. */
const MAX_LENGTH = 200

/** A condition on one label, as Alertmanager has it. A label that is not there counts as empty. */
export const matcherSchema = z
  .strictObject({
    name: z.string().regex(/^[a-zA-Z_]\w*$/, 'is not the name of a label').max(MAX_LENGTH),
    value: z.string().max(MAX_LENGTH),
    isRegex: z.boolean().default(false),
    isEqual: z.boolean().default(true),
  })
  .refine(({ value, isRegex }) => !isRegex || isPattern(value), { path: ['value'], message: 'is not a regular expression' })
export type Matcher = Readonly<z.infer<typeof matcherSchema>>

/** Whether every matcher holds for the labels. */
export function matchesAll(matchers: readonly Matcher[], labels: Readonly<Record<string, string>>): boolean {
  return matchers.every(({ name, value, isRegex, isEqual }) => {
    const label = labels[name] ?? ''
    return (isRegex ? anchored(value).test(label) : label === value) === isEqual
  })
}

/** Reads `severity = page`, `slo =~ "shop-.*"`, `service != x`, `slo !~ x`; `undefined` for anything else. */
export function parseMatcher(text: string): Matcher | undefined {
  const match = /^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*(?:"([^"]*)"|([^"\s]*))\s*$/.exec(text)
  if (match === null) return undefined
  const [, name, operator, quoted, bare = ''] = match
  return matcherSchema.safeParse({ name, value: quoted ?? bare, isRegex: operator!.endsWith('~'), isEqual: !operator!.startsWith('!') }).data
}

function anchored(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`)
}

function isPattern(text: string): boolean {
  try {
    anchored(text)
    return true
  } catch {
    return false
  }
}
