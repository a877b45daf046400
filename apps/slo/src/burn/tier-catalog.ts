import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SloError } from '../errors.ts'
import type { Comparison } from './burn-rate.ts'
import { type Fraction, parseDecimal, toNumber } from './fraction.ts'
import { parseWindow, type Window } from './window.ts'

/** What an alert asks for: somebody now, or somebody in working hours. Most urgent first. */
export const severities = ['page', 'ticket'] as const
export type Severity = (typeof severities)[number]

/** One row of the catalogue: alert when this share of the budget goes within the long window, and still goes in the short one. */
export interface CatalogTier {
  readonly severity: Severity
  readonly budgetShare: Fraction
  readonly op: Comparison
  readonly long: Window
  readonly short: Window
}

/** What objectives are watched for beside burn rates, and how alerts end. Each part is off when it is absent. */
export interface AlertRules {
  /** An alert whose condition ended goes on for this long, so that errors that pulse are one alert. */
  readonly keepFiringFor?: Window | undefined
  /** No events for this long, of an objective that had some. Looked at in the shortest window of a tier that is at least as long. */
  readonly noData?: { readonly severity: Severity; readonly after: Window } | undefined
  /** Less than this share of the budget is left. */
  readonly budget?: { readonly severity: Severity; readonly below: number } | undefined
  /** At the burn rate of `window`, a window of a tier, the budget is gone within this time. */
  readonly exhaustion?: { readonly severity: Severity; readonly within: Window; readonly window: Window } | undefined
}

/** The tiers that all objectives are watched by, and the time resolution of their counts. */
export interface TierCatalog {
  readonly bucket: Window
  readonly tiers: readonly CatalogTier[]
  /** Tiers instead of `tiers` for objectives of at most this period, shortest first: shares of 30 days make thresholds below 1 there. */
  readonly shortPeriods: readonly { readonly upTo: Window; readonly tiers: readonly CatalogTier[] }[]
  readonly alerts: AlertRules
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

const severity = z.enum(severities)

const tier = z.strictObject({ severity, budgetShare, op: z.enum(['gt', 'gte']).default('gt'), long: window, short: window })

const alertRules = z.strictObject({
  keepFiringFor: window.optional(),
  noData: z.strictObject({ severity, after: window }).optional(),
  budget: z.strictObject({ severity, below: budgetShare.transform(toNumber) }).optional(),
  exhaustion: z.strictObject({ severity, within: window, window }).optional(),
})

const tiersOf = z.array(tier).min(1).max(20)

const file = z.strictObject({
  bucket: window,
  tiers: tiersOf,
  shortPeriods: z.array(z.strictObject({ upTo: window, tiers: tiersOf })).max(10).default([]),
  alerts: alertRules.default({}),
})

const catalog = file.superRefine(({ bucket, tiers, shortPeriods, alerts }, context) => {
  if (bucket.ms % 1000 !== 0 || 3_600_000 % bucket.ms !== 0) context.addIssue({ code: 'custom', path: ['bucket'], message: `is ${bucket.text}; allowed: whole seconds that divide an hour, such as 1m` })
  const all = [
    ...tiers.map((entry, index) => ({ ...entry, path: ['tiers', index] })),
    ...shortPeriods.flatMap((period, at) => period.tiers.map((entry, index) => ({ ...entry, path: ['shortPeriods', at, 'tiers', index] }))),
  ]
  const { exhaustion } = alerts
  if (exhaustion !== undefined && !all.some(({ long, short }) => [long.ms, short.ms].includes(exhaustion.window.ms))) {
    context.addIssue({ code: 'custom', path: ['alerts', 'exhaustion', 'window'], message: `is ${exhaustion.window.text}, which is no window of a tier` })
  }
  for (const { long, short, path } of all) {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', path, message })
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
