/** Kinds of span, as they are stored. */
export const spanKinds = ['Server', 'Client', 'Producer', 'Consumer', 'Internal'] as const
export type SpanKind = (typeof spanKinds)[number]

/** Status codes of a span, as they are stored. */
export const spanStatuses = ['Unset', 'Ok', 'Error'] as const

/** How a unit of work ended, as `@ballast/telemetry` records it. */
export const workOutcomes = ['ok', 'degraded', 'rejected', 'aborted', 'error'] as const

/** What may be asked of a row; all that is given must hold. */
export interface RowConditions {
  /** Status of a span, outcome of a unit of work. */
  readonly status?: string
  readonly statusNot?: string
  /** Shorter than this, nanoseconds. */
  readonly maxDurationNs?: number
  /** This long or longer, nanoseconds. */
  readonly minDurationNs?: number
  /** Attributes of the row that have exactly these values. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** The rows that an indicator is about. */
export interface RowScope {
  readonly service: string
  /** Span name, or name of the event; every one when absent. */
  readonly operation?: string
  /** Kind of span; of units of work there is one kind. */
  readonly kind?: SpanKind
  readonly tenant?: string
  readonly conditions: RowConditions
}

/** What tells groups of rows apart: the tenant, the operation, or the attribute of this name. */
export type GroupBy = 'tenant' | 'operation' | { readonly attribute: string }

/** Good rows over all rows. Good ones are a part of all by construction, so that the ratio cannot exceed 1. */
export interface RowIndicator {
  /** `spans`, or `work`: events of units of work. */
  readonly template: 'spans' | 'work'
  /** Every event. */
  readonly total: RowScope
  /** Which events of the total `conditions` describe. */
  readonly counts: 'good' | 'bad'
  readonly conditions: RowConditions
  /** Counts each group by itself: to see who has the bad events. Objectives have no groups. */
  readonly groupBy?: GroupBy
}

/** Rows that arrived over rows that were expected, such as messages received over messages sent; never more than all. */
export interface CompletenessIndicator {
  readonly template: 'completeness'
  readonly rows: 'spans' | 'work'
  readonly expected: RowScope
  readonly arrived: RowScope
}

/** Buckets at whose end the newest row was young enough, over all buckets. */
export interface FreshnessIndicator {
  readonly template: 'freshness'
  readonly rows: 'spans' | 'work'
  readonly scope: RowScope
  readonly maxAgeMs: number
}

/** Answers of `@ballast/cache`, by minute of its metrics. */
export interface CacheIndicator {
  readonly template: 'cache'
  /** `hit`: answered without a load. `fresh`: of the hits, those that were not stale. */
  readonly good: 'hit' | 'fresh'
  readonly service?: string
  readonly namespace?: string
  readonly cache?: string
}

/** Values that a histogram of metrics recorded, such as durations. */
export interface HistogramIndicator {
  readonly template: 'histogram'
  readonly service: string
  readonly metric: string
  /** Attributes of the points that have exactly these values. */
  readonly attributes?: Readonly<Record<string, string>>
  /** A value up to this is good, in the metric's unit. */
  readonly max: number
  /** Whether it may lie between two bounds: what is good is then estimated. */
  readonly estimate: boolean
}

/** How a value is compared with what an objective says. */
export interface Threshold {
  readonly op: 'lt' | 'lte' | 'gt' | 'gte'
  readonly value: number
}

/** A query of its own: rows of `bucket`, `good` and `total`; or of `bucket` and `value`, as `form` says. */
export interface SqlIndicator {
  readonly template: 'sql'
  readonly query: string
  readonly parameters: Readonly<Record<string, string>>
  /** `ratio`: the value is the share of good or of bad events. `threshold`: a bucket is good when its value compares so; set by the objective. */
  readonly form?: { readonly kind: 'ratio'; readonly type: 'success' | 'failure' } | { readonly kind: 'threshold'; readonly threshold?: Threshold }
}

/** Good events over all events. */
export type Indicator = RowIndicator | CompletenessIndicator | FreshnessIndicator | CacheIndicator | HistogramIndicator | SqlIndicator

/** Whether an indicator counts rows one by one, so that a bad event is a row that can be shown. */
export function isRowIndicator(indicator: Indicator): indicator is RowIndicator {
  return indicator.template === 'spans' || indicator.template === 'work'
}

/** The same text for the same indicator, whatever the order in which it was written: objectives that share it are measured once. */
export function indicatorKey(indicator: Indicator): string {
  return canonical(indicator)
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`
}
