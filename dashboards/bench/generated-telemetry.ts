import { type ClickHouse, tableNames } from '@ballast/clickhouse'

/** Time that the generated telemetry covers, up to now. Seconds. */
export const COVERED_S = 7 * 86_400

/** Where spans go, and by how many at once. */
export interface SpanInserts {
  /** @default the table of spans, with its views */
  readonly table?: string
  readonly rowsPerInsert: number
  readonly onProgress?: (share: number) => void
}

/** Some of the telemetry's time, with spans even over it. */
export interface Stretch {
  readonly spans: number
  /** Begin and end, seconds before now. */
  readonly fromAgoS: number
  readonly toAgoS: number
}

/**
 * Spans of twenty services, each with twenty operations, servers and clients by halves, inserted as they would come: the views fill the
 * roll-ups.
 */
export async function insertSpans(client: ClickHouse, { spans, fromAgoS, toAgoS }: Stretch, { table = tableNames.traces, rowsPerInsert, onProgress }: SpanInserts): Promise<void> {
  for (let from = 0; from < spans; from += rowsPerInsert) {
    const rows = Math.min(rowsPerInsert, spans - from)
    // In the order of time, so that an insert touches few partitions.
    const query = `INSERT INTO ${table} (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode)
      SELECT now64(9) - toIntervalMillisecond(toInt64((${toAgoS} + (${spans} - n) / ${spans} * ${fromAgoS - toAgoS}) * 1000)),
        lower(hex(sipHash128(intDiv(n, 4)))), lower(hex(sipHash64(n))), if(n % 4 = 0, '', lower(hex(sipHash64(n - 1)))),
        concat('GET /r', toString(intDiv(n, 2) % 20)), if(n % 2 = 0, 'Client', 'Server'), concat('service-', toString(intDiv(n, 40) % 20)),
        map('deployment.environment.name', 'prod', 'host.name', 'h1', 'service.version', '1.2.3'),
        map('http.request.method', 'GET', 'http.response.status_code', '200', 'server.address', 'catalog', 'server.port', '8081', 'user.id', toString(n % 100000)),
        toUInt64(1e6 * exp(randNormal(1, 1))), if(n % 100 = 0, 'Error', 'Unset')
      FROM (SELECT number + ${from} AS n FROM numbers(${rows}))`
    await client.command({ query, timeoutMs: 120_000 })
    onProgress?.((from + rows) / spans)
  }
}

/** Names of metrics that queries read, by how they read them. */
export function metricNames(queries: readonly string[]): { readonly counters: readonly string[]; readonly gauges: readonly string[] } {
  const named = (kind: string): string[] => {
    const lists = queries.flatMap((sql) => [...sql.matchAll(new RegExp(`Temporality ${kind} 0 AND MetricName IN \\(([^)]*)\\)`, 'g'))].map(([, list]) => list!))
    return [...new Set(lists.flatMap((list) => [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name!)))].toSorted()
  }
  return { counters: named('>'), gauges: named('=') }
}

/** Points of every metric that is read: twenty series each, even over seven days. */
export async function insertMetrics(client: ClickHouse, names: ReturnType<typeof metricNames>, stepS: number, onProgress: (share: number) => void): Promise<void> {
  let done = 0
  const attributes = `map('cache.name', concat('cache-', toString(s % 5)), 'cache.namespace', 'shop', 'cache.tier', ['local', 'redis', 'none'][1 + s % 3], 'cache.result', ['fresh', 'fresh', 'miss'][1 + s % 3],
    'cmd', concat('cmd-', toString(s)), 'code', ['200', '429'][1 + s % 2], 'cpu.mode', ['user', 'system'][1 + s % 2], 'objective', concat('objective-', toString(s % 10)), 'outcome', 'stored', 'reason', 'late',
    'service', concat('service-', toString(s)), 'severity', ['page', 'ticket'][1 + s % 2], 'signal', ['traces', 'logs'][1 + s % 2], 'table', 'otel_traces', 'window', ['5m', '30m', '1h', '2h', '6h', '24h', '72h'][1 + s % 7])`
  const insert = async (table: string, metrics: readonly string[], value: string, more: Readonly<Record<string, string>>): Promise<void> => {
    for (const metric of metrics) {
      const columns = ['ServiceName', 'MetricName', 'ResourceAttributes', 'Attributes', 'StartTimeUnix', 'TimeUnix', 'Value', ...Object.keys(more)]
      const values = [`concat('service-', toString(s % 5))`, `'${metric}'`, `map('service.instance.id', concat('instance-', toString(s % 10)))`, attributes, `now64(9) - ${COVERED_S + 60}`, `now64(9) - (${COVERED_S} - t)`, value, ...Object.values(more)]
      const source = `SELECT number % 20 AS s, intDiv(number, 20) * ${stepS} AS t FROM numbers(${20 * Math.ceil(COVERED_S / stepS)})`
      await client.command({ query: `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM (${source})`, timeoutMs: 120_000 })
      onProgress(++done / (names.counters.length + names.gauges.length))
    }
  }
  await insert('otel_metrics_sum', names.counters, 'toFloat64(t)', { AggregationTemporality: '2', IsMonotonic: 'true' })
  await insert('otel_metrics_gauge', names.gauges, '0.5', {})
}
