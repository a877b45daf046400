import { z } from 'zod'
import { severities, type Severity } from '../burn/tier-catalog.ts'

/** What an alert is about: the budget burns too fast, events stay away, little budget is left, or it will be gone soon. */
export const alertKinds = ['burn', 'no-data', 'budget', 'exhaustion'] as const
export type AlertKind = (typeof alertKinds)[number]

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

/** An attribute value that bad events have more often than good ones. */
export const differenceSchema = z.object({
  attribute: z.string(),
  value: z.string(),
  /** Share of the bad events that have it. */
  badShare: z.number(),
  /** Share of the good events that have it. */
  goodShare: z.number(),
  /** How much more often a bad event has it than any event. */
  lift: z.number(),
  /** Chi-squared statistic of the two-by-two table, one degree of freedom: above 3.84 is unlikely to be chance. */
  chiSquared: z.number(),
})
export type Difference = Readonly<z.infer<typeof differenceSchema>>

/** A version of a service that was not seen before. */
export const deploySchema = z.object({ service: z.string(), version: z.string(), firstSeenAt: z.string() })
export type Deploy = Readonly<z.infer<typeof deploySchema>>

/** What an alert is proven by. */
export const proofSchema = z.object({
  /** Trace ids of bad events, by the predicate that counts them. */
  exampleTraceIds: z.array(z.string()).readonly(),
  /** What the bad events have in common, strongest first. */
  differences: z.array(differenceSchema).readonly(),
  /** Recent changes of `service.version`, newest first. */
  deploys: z.array(deploySchema).readonly(),
})
export type Proof = Readonly<z.infer<typeof proofSchema>>

/** Where to look on. */
export const linksSchema = z.object({ console: z.string().nullable(), dashboard: z.string().nullable(), runbook: z.string().nullable() })
export type Links = Readonly<z.infer<typeof linksSchema>>

/** What a notification says, as JSON: also what is stored with a transition, and read back at the start. */
export const alertDataSchema = z.object({
  alertId: z.string(),
  kind: z.enum(alertKinds),
  /** One sentence for a person. */
  summary: z.string(),
  slo: z.string(),
  /** Name of the objective; the SLO's own unless it has several. */
  objective: z.string(),
  service: z.string(),
  severity: z.enum(severities),
  /** What fired: long and short window of a tier, or the condition in words. */
  tier: z.string(),
  /** The objective's target, a decimal as text. */
  target: z.string(),
  /** The objective's period. */
  period: z.string(),
  startedAt: z.string(),
  /** Events of the tier's long window; of the whole period when no tier fired. */
  good: z.number(),
  bad: z.number(),
  total: z.number(),
  /** `null` when no tier fired. */
  burn: z.object({ long: windowNumbersSchema, short: windowNumbersSchema, threshold: z.number() }).nullable(),
  /** Every burn rate at that moment, by window; `null` without events. */
  burnRates: z.record(z.string(), z.number().nullable()),
  /** `null` without events in the period. */
  budgetRemaining: z.number().nullable(),
  /** Time until the budget is gone at the present burn rate; `null` when it does not burn or nothing is known. */
  timeToExhaustionMs: z.number().nullable(),
  ...proofSchema.shape,
  links: linksSchema,
  runbookUrl: z.string().nullable(),
  /** `false`: its objective's policies want nobody told that it is over. */
  alertWhenResolved: z.literal(false).exactOptional(),
  /** Targets that its objective's policies name for it; absent when it goes by the routes. */
  notificationTargets: z.array(z.string()).readonly().exactOptional(),
  /** Why it resolved; absent while it fires. */
  resolution: z.enum(['recovered', 'objective removed']).exactOptional(),
})
export type AlertData = Readonly<z.infer<typeof alertDataSchema>>

/** An alert: one objective, one kind, one severity, from the moment it fires. */
export interface Alert {
  /** The same over retries and restarts. */
  readonly id: string
  readonly kind: AlertKind
  readonly objective: string
  readonly severity: Severity
  readonly tier: string
  readonly startedAtMs: number
}

/** A transition of an alert, to be recorded and delivered. */
export interface AlertNotice {
  readonly state: 'firing' | 'resolved'
  readonly alert: Alert
  /** When it changed, milliseconds since the epoch. */
  readonly atMs: number
  readonly data: AlertData
}

/** What tells alerts of one engine apart, over all time: at most one of a key fires. */
export function alertKey({ kind, severity, objective }: Pick<Alert, 'kind' | 'severity' | 'objective'>): string {
  return `${kind} ${severity} ${objective}`
}

/** The labels of an alert: its identity for Alertmanager, and what silences and routes match. No figures: they would make it another alert. */
export function alertLabels({ kind, slo, objective, service, severity }: Pick<AlertData, 'kind' | 'slo' | 'objective' | 'service' | 'severity'>): Readonly<Record<string, string>> {
  const names = { burn: 'SloErrorBudgetBurn', 'no-data': 'SloNoData', budget: 'SloErrorBudgetLow', exhaustion: 'SloErrorBudgetExhaustion' }
  return { alertname: names[kind], slo, objective, service, severity, kind }
}
