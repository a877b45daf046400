import { type BoundQuery, Parameters, type Stretch, timePredicate } from './bound-query.ts'
import type { Indicator, SpanConditions, SpanScope } from './indicator.ts'

/** Counts by bucket, one row a bucket: `bucket, spans, total_0, good_0, total_1, good_1, …`. Weighted by the sample rate. */
export function countBucketsQuery(table: string, request: Stretch & { readonly indicators: readonly Indicator[]; readonly bucketMs: number }): BoundQuery {
  const parameters = new Parameters()
  const columns = request.indicators.flatMap((indicator, index) => {
    const total = scopePredicate(indicator.total, parameters)
    const good = goodPredicate(indicator, parameters)
    return [`sumIf(SampleRate, ${total}) AS total_${index}`, `sumIf(SampleRate, ${total} AND ${good}) AS good_${index}`]
  })
  const services = [...new Set(request.indicators.map(({ total }) => total.service))]
  const query = [
    `SELECT intDiv(toUnixTimestamp64Milli(Timestamp), ${parameters.bind('Int64', String(request.bucketMs))}) AS bucket,`,
    '  count() AS spans,',
    `  ${columns.join(',\n  ')}`,
    `FROM ${table}`,
    `WHERE ServiceName IN ${parameters.bind('Array(String)', services)} AND ${timePredicate(request, parameters)}`,
    'GROUP BY bucket ORDER BY bucket',
  ].join('\n')
  return { query, parameters: parameters.values }
}

/** Trace ids of bad spans, newest first. */
export function exampleTracesQuery(table: string, request: Stretch & { readonly indicator: Indicator; readonly limit: number }): BoundQuery {
  const parameters = new Parameters()
  const { indicator, limit } = request
  const query = [
    `SELECT TraceId AS traceId FROM ${table}`,
    `WHERE ${scopePredicate(indicator.total, parameters)} AND ${badPredicate(indicator, parameters)}`,
    `  AND TraceId != '' AND ${timePredicate(request, parameters)}`,
    `ORDER BY Timestamp DESC LIMIT 1 BY TraceId LIMIT ${parameters.bind('UInt32', limit)}`,
  ].join('\n')
  return { query, parameters: parameters.values }
}

/** Whether a span is in a scope, as SQL. */
export function scopePredicate({ service, operation, kind, conditions }: SpanScope, parameters: Parameters): string {
  const terms = [`ServiceName = ${parameters.bind('String', service)}`, `SpanKind = ${parameters.bind('String', kind)}`]
  if (operation !== undefined) terms.push(`SpanName = ${parameters.bind('String', operation)}`)
  return [...terms, ...conditionTerms(conditions, parameters)].join(' AND ')
}

/** Whether a span of the total is bad, as SQL. */
export function badPredicate(indicator: Indicator, parameters: Parameters): string {
  return `NOT (${goodPredicate(indicator, parameters)})`
}

function goodPredicate({ counts, conditions }: Indicator, parameters: Parameters): string {
  const described = conditionTerms(conditions, parameters).join(' AND ')
  return counts === 'good' ? `(${described})` : `NOT (${described})`
}

function conditionTerms({ status, statusNot, maxDurationNs, minDurationNs }: SpanConditions, parameters: Parameters): string[] {
  return [
    ...(status === undefined ? [] : [`StatusCode = ${parameters.bind('String', status)}`]),
    ...(statusNot === undefined ? [] : [`StatusCode != ${parameters.bind('String', statusNot)}`]),
    ...(maxDurationNs === undefined ? [] : [`Duration < ${parameters.bind('UInt64', String(maxDurationNs))}`]),
    ...(minDurationNs === undefined ? [] : [`Duration >= ${parameters.bind('UInt64', String(minDurationNs))}`]),
  ]
}
