import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { type Matcher, parseMatcher } from '../alert/matcher.ts'
import { parseWindow } from '../burn/window.ts'
import { SloError } from '../errors.ts'
import type { Route } from './route.ts'

const duration = z.string().transform((text, context) => {
  const window = parseWindow(text)
  if (window !== undefined) return window.ms
  context.addIssue({ code: 'custom', message: `is ${JSON.stringify(text)}; allowed: a whole number and s, m, h or d, such as 15m` })
  return z.NEVER
})

const matcher = z.string().transform((text, context): Matcher => {
  const parsed = parseMatcher(text)
  if (parsed !== undefined) return parsed
  context.addIssue({ code: 'custom', message: `is ${JSON.stringify(text)}; allowed: name = value, name != value, name =~ "pattern", name !~ "pattern"` })
  return z.NEVER
})

const url = z.url({ protocol: /^https?$/, error: 'is not an http or https address' })
const path = z.string().min(1)
/** Names stand in ids and metrics. */
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name; allowed: lower-case letters, digits and -, up to 63').refine((text) => !['history', 'heartbeat', 'log'].includes(text), 'is a name of our own')
const shared = { name, timeout: duration.default(15_000), allowPrivate: z.boolean().default(false) }

const target = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('webhook'), ...shared, url: url.optional(), urlFile: path.optional(), secretFiles: z.array(path).max(5).default([]) }),
  z.strictObject({ type: z.literal('slack'), ...shared, urlFile: path }),
  z.strictObject({ type: z.literal('pagerduty'), ...shared, routingKeyFile: path, url: url.optional() }),
  z.strictObject({ type: z.literal('email'), ...shared, smtpUrlFile: path, from: z.string().min(3), to: z.array(z.string().min(3)).min(1).max(50) }),
  z.strictObject({ type: z.literal('alertmanager'), name, timeout: duration.default(15_000), urls: z.array(url).min(1).max(10), heartbeat: z.boolean().default(false) }),
])
/** A target as it is written. */
export type TargetDefinition = z.infer<typeof target>

const names = z.array(name).max(20)

const file = z
  .strictObject({
    targets: z.array(target).min(1).max(50),
    routes: z
      .array(
        z.strictObject({
          match: z.array(matcher).max(20).default([]),
          targets: names,
          escalation: z.array(z.strictObject({ after: duration, targets: names.min(1) })).max(10).default([]),
          throttle: duration.optional(),
        }),
      )
      .max(100),
    heartbeat: z.strictObject({ urlFile: path, every: duration.default(60_000), allowPrivate: z.boolean().default(false) }).optional(),
  })
  .superRefine(({ targets, routes }, context) => {
    const routable = targets.filter(({ type }) => type !== 'alertmanager').map((one) => one.name)
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message })
    for (const [index, { name: one }] of targets.entries()) if (targets.findIndex((other) => other.name === one) !== index) refuse(`two targets have the name ${one}`)
    const asked = routes.flatMap((route) => [...route.targets, ...route.escalation.flatMap((step) => step.targets)])
    for (const one of new Set(asked)) if (!routable.includes(one)) refuse(`a route names the target ${one}; the targets that routes may name are: ${routable.join(', ') || 'none'} (an alertmanager gets everything)`)
    for (const one of targets) if (one.type === 'webhook' && (one.url === undefined) === (one.urlFile === undefined)) refuse(`the target ${one.name} needs either url or urlFile`)
  })

/** Whom to tell, and of what. */
export interface NotifyPlan {
  readonly targets: readonly TargetDefinition[]
  readonly routes: readonly Route[]
  readonly heartbeat: { readonly urlFile: string; readonly every: number; readonly allowPrivate: boolean } | undefined
  /** Reads a secret by its path, which is relative to the file that names it. Surrounding white space does not count. */
  readonly secret: (path: string) => string
}

/**
 * Reads the file of targets and routes, once, at the start.
 *
 * @throws SloError NOTIFY_UNREADABLE, or NOTIFY_INVALID naming each field that is wrong.
 */
export function readNotifyFile(notifyFile: string): NotifyPlan {
  const read = (from: string): string => {
    try {
      return readFileSync(from, 'utf8')
    } catch (error) {
      throw new SloError('NOTIFY_UNREADABLE', `cannot read ${from}: ${(error as Error).message}; SLO_NOTIFY_FILE and the files that it names must be there.`, { cause: error })
    }
  }
  const { targets, routes, heartbeat } = parseNotifyFile(read(notifyFile), notifyFile)
  return { targets, routes, heartbeat, secret: (from) => read(resolve(dirname(notifyFile), from)).trim() }
}

/** @throws SloError NOTIFY_INVALID */
export function parseNotifyFile(text: string, from: string): Omit<NotifyPlan, 'secret'> {
  let yaml: unknown
  try {
    yaml = parseYaml(text, { version: '1.2', schema: 'core' })
  } catch (error) {
    throw new SloError('NOTIFY_INVALID', `${from} is not YAML: ${(error as Error).message}`, { cause: error })
  }
  const result = file.safeParse(yaml)
  if (!result.success) throw new SloError('NOTIFY_INVALID', `${from} is wrong: ${result.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`).join('; ')}.`)
  const routes = result.data.routes.map(({ match, targets, escalation, throttle }) => ({
    matchers: match,
    targets,
    escalation: escalation.map((step) => ({ afterMs: step.after, targets: step.targets })).toSorted((a, b) => a.afterMs - b.afterMs),
    throttleMs: throttle ?? 0,
  }))
  return { targets: result.data.targets, routes, heartbeat: result.data.heartbeat }
}
