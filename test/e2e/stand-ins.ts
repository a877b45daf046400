import { once } from 'node:events'
import { connect } from 'node:net'

/** Runs SQL and gives the answer's text. */
export type RunSql = (sql: string) => Promise<string>

/**
 * Tables that a ClickHouse server keeps and the embedded one does not, with the columns that dashboards read, of the types that a server gives
 * them: so that the engine checks those queries too.
 */
const SERVER_TABLES: Readonly<Record<string, { readonly columns: string; readonly rows: string }>> = {
  'system.query_log': {
    columns: `event_time DateTime, type Enum8('QueryStart' = 1, 'QueryFinish' = 2, 'ExceptionBeforeStart' = 3, 'ExceptionWhileProcessing' = 4), query_kind LowCardinality(String), query_duration_ms UInt64, read_rows UInt64, read_bytes UInt64, user String, client_name LowCardinality(String), http_user_agent LowCardinality(String), normalized_query_hash UInt64, query String, is_initial_query UInt8, ProfileEvents Map(LowCardinality(String), UInt64)`,
    rows: `SELECT now() - number, 'QueryFinish', ['Select', 'Insert'][1 + number % 2], number, 10 * number, 80 * number, 'grafana', '', 'Grafana', number % 3, 'SELECT 1', 1, map('OSCPUVirtualTimeMicroseconds', number) FROM numbers(100)`,
  },
  'system.part_log': {
    columns: `event_time DateTime, event_type Enum8('NewPart' = 1, 'MergeParts' = 2, 'DownloadPart' = 3, 'RemovePart' = 4, 'MutatePart' = 5, 'MovePart' = 6), duration_ms UInt64, database String, merged_from Array(String)`,
    rows: `SELECT now() - number, ['NewPart', 'MergeParts'][1 + number % 2], number, currentDatabase(), if(number % 2 = 1, ['a', 'b'], []) FROM numbers(100)`,
  },
  'system.asynchronous_metric_log': {
    columns: 'event_time DateTime, metric LowCardinality(String), value Float64',
    rows: `SELECT now() - number, arrayJoin(['MemoryResident', 'OSMemoryAvailable', 'OSUserTime', 'OSSystemTime', 'LoadAverage1']), number + 1 FROM numbers(100)`,
  },
}

/** Makes the tables that only a server has. */
export async function createServerTables(run: RunSql): Promise<void> {
  for (const [name, { columns, rows }] of Object.entries(SERVER_TABLES)) {
    await run(`CREATE TABLE ${standInOf(name)} (${columns}) ENGINE = Memory`)
    await run(`INSERT INTO ${standInOf(name)} ${rows}`)
  }
}

/** A query that reads the stand-ins instead of the tables that only a server has. */
export function withServerTables(sql: string): string {
  return Object.keys(SERVER_TABLES).reduce((text, name) => text.replaceAll(name, standInOf(name)), sql)
}

const standInOf = (name: string): string => `default.${name.replace('.', '_')}`

/** Gauges and counters of the Collector's redis receiver, by the fields of INFO that they come from. */
const REDIS_GAUGES = { used_memory: 'redis.memory.used', used_memory_rss: 'redis.memory.rss', used_memory_peak: 'redis.memory.peak', mem_fragmentation_ratio: 'redis.memory.fragmentation_ratio', maxmemory: 'redis.maxmemory' }
const REDIS_LEVELS = { connected_clients: 'redis.clients.connected', blocked_clients: 'redis.clients.blocked', connected_slaves: 'redis.slaves.connected' }
const REDIS_COUNTERS = { keyspace_hits: 'redis.keyspace.hits', keyspace_misses: 'redis.keyspace.misses', expired_keys: 'redis.keys.expired', evicted_keys: 'redis.keys.evicted', total_net_input_bytes: 'redis.net.input', total_net_output_bytes: 'redis.net.output' }

/** Writes what Redis says of itself as the Collector's redis receiver does, which is not part of the platform. */
export async function recordRedis(port: number, run: RunSql): Promise<void> {
  const info = await redisInfo(port)
  const point = (metric: string, value: number, attributes: Record<string, string> = {}) => ({
    ServiceName: 'redis', MetricName: metric, Attributes: attributes, ResourceAttributes: { 'service.instance.id': `127.0.0.1:${port}` }, Value: value,
    StartTimeUnix: String(BigInt(Date.now() - 60_000) * 1_000_000n), TimeUnix: String(BigInt(Date.now()) * 1_000_000n),
  })
  const named = (names: Record<string, string>) => Object.entries(names).map(([field, metric]) => point(metric, Number(info.get(field))))
  const commands = [...info].flatMap(([field, text]) => {
    const [, cmd] = /^cmdstat_([\w|]+)$/.exec(field) ?? []
    const [, calls, usec] = /calls=(\d+),usec=(\d+)/.exec(text) ?? []
    return cmd === undefined ? [] : [point('redis.cmd.calls', Number(calls), { cmd }), point('redis.cmd.usec', Number(usec), { cmd })]
  })
  const insert = async (table: string, rows: object[]): Promise<void> => void (await run(`INSERT INTO ${table} FORMAT JSONEachRow\n${rows.map((each) => JSON.stringify(each)).join('\n')}`))
  await insert('otel_metrics_gauge', named(REDIS_GAUGES))
  const sum = (IsMonotonic: boolean) => (each: object): object => ({ ...each, AggregationTemporality: 2, IsMonotonic })
  await insert('otel_metrics_sum', [...named(REDIS_LEVELS).map(sum(false)), ...[...named(REDIS_COUNTERS), ...commands].map(sum(true))])
}

async function redisInfo(port: number): Promise<Map<string, string>> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('INFO everything\r\n')
  let text = ''
  socket.setEncoding('utf8')
  for await (const chunk of socket) {
    text += chunk as string
    const [, length] = /^\$(\d+)\r\n/.exec(text) ?? []
    if (length !== undefined && Buffer.byteLength(text) >= Number(length)) break
  }
  socket.destroy()
  return new Map(text.split('\r\n').flatMap((line) => (line.includes(':') ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const] : [])))
}
