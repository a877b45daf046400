import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SloError } from '../errors.ts'
import { type Fraction, parseDecimal } from './fraction.ts'
import { parseWindow, type Window } from './window.ts'

/** What an alert asks for: somebody now, or somebody in working hours. Most urgent first. */
export const severities = ['page', 'ticket'] as const
export type Severity = (typeof severities)[number]

/** One row of the catalogue: alert when this share of the budget goes within the long window, and still goes in the short one. */
export interface CatalogTier {
  readonly severity: Severity
  readonly budgetShare: Fraction
  readonly long: Window
  readonly short: Window
}

/** The tiers that all objectives are watched by, and the time resolution of their counts. */
export interface TierCatalog {
  readonly bucket: Window
  readonly tiers: readonly CatalogTier[]
}

const window = z.string().transform((text, context) => {
  const parsed = parseWindow(text)
  if (parsed !== undefined) return parsed
  context.addIssue({ code: 'custom', message: `is ${JSON.stringify(text)}; allowed: a whole number and s, m, h, d or w, such as 5m` })
  return z.NEVER
})

const budgetShare = z.string().transform((text, context) => {
  const parsed = parseDecimal(text)
  if (parsed !== undefined && parsed.numerator > 0n && parsed.numerator <= parsed.denominator) return parsed
  context.addIssue({ code: 'custom', message: `is ${JSON.stringify(text)}; allowed: a decimal above 0 and up to 1 as text, such as "0.02"` })
  return z.NEVER
})

const tier = z.strictObject({ severity: z.enum(severities), budgetShare, long: window, short: window })

const catalog = z.strictObject({ bucket: window, tiers: z.array(tier).min(1).max(20) }).superRefine(({ bucket, tiers }, context) => {
  if (bucket.ms % 1000 !== 0 || 3_600_000 % bucket.ms !== 0) context.addIssue({ code: 'custom', path: ['bucket'], message: `is ${bucket.text}; allowed: whole seconds that divide an hour, such as 1m` })
  for (const [index, { long, short }] of tiers.entries()) {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', path: ['tiers', index], message })
    if (short.ms >= long.ms) refuse(`has a short window (${short.text}) that is not shorter than its long one (${long.text})`)
    if (short.ms < 2 * bucket.ms) refuse(`has a short window (${short.text}) of less than two buckets of ${bucket.text}`)
    if (short.ms % bucket.ms !== 0 || long.ms % bucket.ms !== 0) refuse(`has a window that is not a whole number of buckets of ${bucket.text}`)
  }
})

/**
 * Reads a catalogue from its JSON text.
 *
 * @throws SloError TIERS_INVALID naming the file and each field that is wrong.
 */
export function parseTierCatalog(text: string, file: string): TierCatalog {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new SloError('TIERS_INVALID', `${file} is not JSON: ${(error as Error).message}; correct it or point SLO_TIERS_FILE at another.`, { cause: error })
  }
  const result = catalog.safeParse(json)
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
  throw new SloError('TIERS_INVALID', `${file} is not a tier catalogue: ${faults.join('; ')}.`)
}

/**
 * Reads a catalogue from a file, once, at the start.
 *
 * @throws SloError TIERS_UNREADABLE or TIERS_INVALID.
 */
export function readTierCatalog(file: string): TierCatalog {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new SloError('TIERS_UNREADABLE', `cannot read the tier catalogue ${file}: ${(error as Error).message}; set SLO_TIERS_FILE to a file that exists.`, { cause: error })
  }
  return parseTierCatalog(text, file)
}
