/** Kinds of span, as they are stored. */
export const spanKinds = ['Server', 'Client', 'Producer', 'Consumer', 'Internal'] as const
export type SpanKind = (typeof spanKinds)[number]

/** Status codes of a span, as they are stored. */
export const spanStatuses = ['Unset', 'Ok', 'Error'] as const
export type SpanStatus = (typeof spanStatuses)[number]

/** What may be asked of a span; all that is given must hold. */
export interface SpanConditions {
  readonly status?: SpanStatus
  readonly statusNot?: SpanStatus
  /** Shorter than this, nanoseconds. */
  readonly maxDurationNs?: number
  /** This long or longer, nanoseconds. */
  readonly minDurationNs?: number
}

/** The spans that an indicator is about. */
export interface SpanScope {
  readonly service: string
  /** Span name; every name when absent. */
  readonly operation?: string
  readonly kind: SpanKind
  readonly conditions: SpanConditions
}

/** Good events over all events. Good ones are a part of all by construction, so that the ratio cannot exceed 1. */
export interface Indicator {
  /** Every event. */
  readonly total: SpanScope
  /** Which events of the total `conditions` describe. */
  readonly counts: 'good' | 'bad'
  readonly conditions: SpanConditions
}

/** The same text for the same indicator: objectives that share it are measured once. */
export function indicatorKey({ total, counts, conditions }: Indicator): string {
  const fields = ({ status, statusNot, maxDurationNs, minDurationNs }: SpanConditions): unknown[] =>
    [status, statusNot, maxDurationNs, minDurationNs].map((condition) => condition ?? null)
  return JSON.stringify([total.service, total.operation ?? null, total.kind, fields(total.conditions), counts, fields(conditions)])
}
