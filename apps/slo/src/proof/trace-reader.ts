import { type ClickHouse, tableNames } from '@ballast/clickhouse'

/** A span, as far as a waterfall shows it. */
export interface TraceSpan {
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: string
  readonly service: string
  readonly status: string
  readonly message: string
  /** Nanoseconds since the first second of the trace: precise as a double. */
  readonly startNs: number
  readonly durationNs: number
  readonly startedAt: string
}

/** Spans of a trace that are shown at most. */
const MAX_SPANS = 1000

const TIMES = `SELECT count() AS known, toUnixTimestamp(min(Start)) AS fromS, toUnixTimestamp(max(End)) + 1 AS toS FROM ${tableNames.tracesTraceIdTs} WHERE TraceId = {id:String}`

const SPANS = `
SELECT SpanId AS spanId, ParentSpanId AS parentSpanId, SpanName AS name, SpanKind AS kind, ServiceName AS service, StatusCode AS status, StatusMessage AS message,
  toUnixTimestamp64Nano(Timestamp) - toInt64({from:UInt32}) * 1000000000 AS startNs, Duration AS durationNs, toUnixTimestamp64Milli(Timestamp) AS startedAtMs
FROM ${tableNames.traces}
WHERE TraceId = {id:String} AND Timestamp >= fromUnixTimestamp64Nano(toInt64({from:UInt32}) * 1000000000) AND Timestamp < fromUnixTimestamp64Nano(toInt64({to:UInt32}) * 1000000000)
ORDER BY Timestamp LIMIT ${MAX_SPANS}`

interface SpanRow extends Omit<TraceSpan, 'startNs' | 'durationNs' | 'startedAt'> {
  readonly startNs: string
  readonly durationNs: string
  readonly startedAtMs: string
}

/** Reads traces, by the table that knows when each was. */
export class TraceReader {
  readonly #clickhouse: Pick<ClickHouse, 'query'>
  readonly #timeoutMs: number

  constructor(clickhouse: Pick<ClickHouse, 'query'>, timeoutMs: number) {
    this.#clickhouse = clickhouse
    this.#timeoutMs = timeoutMs
  }

  /** The spans of a trace, in the order of their beginnings; none when it is not there. */
  async read(id: string): Promise<readonly TraceSpan[]> {
    const bounds = { settings: { readonly: 1, max_execution_time: Math.ceil(this.#timeoutMs / 1000) }, timeoutMs: this.#timeoutMs }
    const [times] = await this.#clickhouse.query<{ known: string; fromS: number; toS: number }>({ query: TIMES, params: { id }, ...bounds })
    if (times === undefined || Number(times.known) === 0) return []
    const rows = await this.#clickhouse.query<SpanRow>({ query: SPANS, params: { id, from: Number(times.fromS), to: Number(times.toS) }, ...bounds })
    return rows.map(({ startNs, durationNs, startedAtMs, ...rest }) => ({ ...rest, startNs: Number(startNs), durationNs: Number(durationNs), startedAt: new Date(Number(startedAtMs)).toISOString() }))
  }
}
