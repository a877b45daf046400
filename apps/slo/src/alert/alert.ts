import { z } from 'zod'
import { severities, type Severity } from '../burn/tier-catalog.ts'

/** One window's numbers in a notification. */
export const windowNumbersSchema = z.object({
  window: z.string(),
  good: z.number(),
  bad: z.number(),
  total: z.number(),
  /** `null` without events. */
  burn: z.number().nullable(),
})
export type WindowNumbers = z.infer<typeof windowNumbersSchema>

/** What a notification says, as JSON: also what is stored with a transition, and read back at the start. */
export const alertDataSchema = z.object({
  alertId: z.string(),
  slo: z.string(),
  /** Name of the objective; the SLO's own unless it has several. */
  objective: z.string(),
  service: z.string(),
  severity: z.enum(severities),
  /** The tier that fired: long and short window. */
  tier: z.string(),
  /** The objective's target, a decimal as text. */
  target: z.string(),
  /** The objective's period. */
  period: z.string(),
  startedAt: z.string(),
  /** Events of the long window. */
  good: z.number(),
  bad: z.number(),
  total: z.number(),
  burn: z.object({ long: windowNumbersSchema, short: windowNumbersSchema, threshold: z.number() }),
  /** `null` without events in the period. */
  budgetRemaining: z.number().nullable(),
  /** Time until the budget is gone at the long window's burn rate; `null` when it does not burn or nothing is known. */
  timeToExhaustionMs: z.number().nullable(),
  /** Trace ids of bad events, by the predicate that counts them. */
  exampleTraceIds: z.array(z.string()).readonly(),
  runbookUrl: z.string().nullable(),
  /** Why it resolved; absent while it fires. */
  resolution: z.enum(['recovered', 'objective removed']).exactOptional(),
})
export type AlertData = Readonly<z.infer<typeof alertDataSchema>>

/** An alert: one objective, one severity, from the moment it fires. */
export interface Alert {
  /** The same over retries and restarts. */
  readonly id: string
  readonly objective: string
  readonly severity: Severity
  readonly tier: string
  readonly startedAtMs: number
}

/** A transition of an alert, to be delivered and then recorded. */
export interface AlertNotice {
  readonly state: 'firing' | 'resolved'
  readonly alert: Alert
  /** When it changed, milliseconds since the epoch. */
  readonly atMs: number
  readonly data: AlertData
}
