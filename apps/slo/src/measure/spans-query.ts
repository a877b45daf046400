import type { Indicator, SpanConditions, SpanScope } from './indicator.ts'

/** A query and the values bound to it; nothing that a person wrote is part of the text. */
export interface BoundQuery {
  readonly query: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** From one time up to another, which is not included: milliseconds since the epoch. */
interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

const NANOSECONDS_PER_MS = 1_000_000n

/** Hands out a parameter for each distinct value. */
class Parameters {
  readonly values: Record<string, unknown> = {}
  readonly #known = new Map<string, string>()

  bind(type: string, value: unknown): string {
    const key = JSON.stringify([type, value])
    let name = this.#known.get(key)
    if (name === undefined) {
      name = `p${this.#known.size}`
      this.#known.set(key, name)
      this.values[name] = value
    }
    return `{${name}:${type}}`
  }
}

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
    `WHERE ${scopePredicate(indicator.total, parameters)} AND NOT (${goodPredicate(indicator, parameters)})`,
    `  AND TraceId != '' AND ${timePredicate(request, parameters)}`,
    `ORDER BY Timestamp DESC LIMIT 1 BY TraceId LIMIT ${parameters.bind('UInt32', limit)}`,
  ].join('\n')
  return { query, parameters: parameters.values }
}

function timePredicate({ fromMs, toMs }: Stretch, parameters: Parameters): string {
  const at = (ms: number): string => `fromUnixTimestamp64Nano(${parameters.bind('Int64', String(BigInt(ms) * NANOSECONDS_PER_MS))})`
  return `Timestamp >= ${at(fromMs)} AND Timestamp < ${at(toMs)}`
}

function scopePredicate({ service, operation, kind, conditions }: SpanScope, parameters: Parameters): string {
  const terms = [`ServiceName = ${parameters.bind('String', service)}`, `SpanKind = ${parameters.bind('String', kind)}`]
  if (operation !== undefined) terms.push(`SpanName = ${parameters.bind('String', operation)}`)
  return [...terms, ...conditionTerms(conditions, parameters)].join(' AND ')
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
