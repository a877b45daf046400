import { createClickHouse, type ClickHouse, migrate, tableNames } from '@ballast/clickhouse'

/** One span, as far as objectives look at it. */
export interface SpanRow {
  readonly atMs: number
  readonly service?: string
  readonly operation?: string
  readonly kind?: string
  readonly status?: string
  readonly durationNs?: number
  readonly sampleRate?: number
  readonly traceId?: string
  readonly attributes?: Readonly<Record<string, string>>
  /** `service.version` */
  readonly version?: string
  readonly spanId?: string
  readonly parentSpanId?: string
}

/** A database of its own with the real tables. */
export async function openDatabase(url: string, database: string): Promise<ClickHouse> {
  const clickhouse = createClickHouse({ url, database })
  await migrate({ client: clickhouse, database, flavour: { kind: 'single' } })
  return clickhouse
}

let blocks = 0

/** Inserts spans, each `copies` times. */
export async function insertSpans(clickhouse: ClickHouse, spans: readonly SpanRow[], copies = 1): Promise<void> {
  const rows = spans.flatMap(({ atMs, service = 'checkout', operation = 'POST /orders', kind = 'Server', status = 'Unset', durationNs = 1_000_000, sampleRate = 1, traceId, attributes = {}, version, spanId = '0123456789abcdef', parentSpanId = '' }, index) =>
    Array.from({ length: copies }, (_, copy) => ({
      Timestamp: `${(atMs / 1000).toFixed(3)}000000`,
      TraceId: traceId ?? `${index}`.padStart(16, '0') + `${copy}`.padStart(16, '0'),
      SpanId: spanId,
      ParentSpanId: parentSpanId,
      SpanAttributes: attributes,
      ResourceAttributes: version === undefined ? {} : { 'service.version': version },
      SpanName: operation,
      SpanKind: kind,
      ServiceName: service,
      Duration: durationNs,
      StatusCode: status,
      SampleRate: sampleRate,
    })),
  )
  blocks += 1
  const body = new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'))
  await clickhouse.insertBlock({ table: tableNames.traces, columns: Object.keys(rows[0]!), format: 'JSONEachRow', body, deduplicationToken: `spans-${blocks}` })
}
