import { expect, test } from 'vitest'
import { filesIn, readText, readYaml } from './files.ts'

interface Collector {
  readonly extensions: Readonly<Record<string, unknown>>
  readonly receivers: Readonly<Record<string, unknown>>
  readonly processors: Readonly<Record<string, unknown>>
  readonly exporters: Readonly<Record<string, { readonly sending_queue?: { readonly storage?: string } }>>
  readonly service: {
    readonly extensions: readonly string[]
    readonly pipelines: Readonly<Record<string, { readonly receivers: readonly string[]; readonly processors: readonly string[]; readonly exporters: readonly string[] }>>
  }
}

/** Components of otelcol-contrib that our configuration may use, with the fields that it may set. The Collector itself is not at hand in tests. */
const COMPONENTS: Readonly<Record<string, readonly string[]>> = {
  'extensions/health_check': ['endpoint', 'path'],
  'extensions/file_storage': ['directory', 'create_directory', 'timeout', 'compaction', 'fsync'],
  'receivers/otlp': ['protocols'],
  'receivers/redis': ['endpoint', 'username', 'password', 'transport', 'tls', 'collection_interval', 'initial_delay', 'timeout', 'metrics', 'resource_attributes'],
  'processors/resource': ['attributes'],
  'processors/memory_limiter': ['check_interval', 'limit_mib', 'spike_limit_mib', 'limit_percentage', 'spike_limit_percentage'],
  'processors/resourcedetection': ['detectors', 'override', 'timeout'],
  'processors/batch': ['timeout', 'send_batch_size', 'send_batch_max_size', 'metadata_keys'],
  'exporters/otlphttp': ['endpoint', 'encoding', 'compression', 'headers', 'timeout', 'retry_on_failure', 'sending_queue', 'tls'],
}

const config = readYaml('infra/otel-collector/gateway.yaml')[0] as Collector

test('every component is one of the Collector’s, with fields that it has', () => {
  for (const kind of ['extensions', 'receivers', 'processors', 'exporters'] as const) {
    for (const [id, fields] of Object.entries(config[kind])) {
      const type = `${kind}/${id.split('/')[0]}`
      expect(Object.keys(COMPONENTS)).toContain(type)
      expect(Object.keys(fields as object).filter((field) => !COMPONENTS[type]!.includes(field))).toEqual([])
    }
  }
})

test('every component is used, and what pipelines use is there', () => {
  const pipelines = Object.values(config.service.pipelines)
  for (const kind of ['receivers', 'processors', 'exporters'] as const) expect(new Set(pipelines.flatMap((pipeline) => pipeline[kind]))).toEqual(new Set(Object.keys(config[kind])))
  expect(config.service.extensions.toSorted()).toEqual(Object.keys(config.extensions).toSorted())
})

test('the queue is on disk, memory is guarded first, and batches are made last', () => {
  for (const exporter of Object.values(config.exporters)) expect(config.extensions).toHaveProperty(exporter.sending_queue!.storage!)
  for (const { processors } of Object.values(config.service.pipelines)) expect([processors[0], processors.at(-1)]).toEqual(['memory_limiter', 'batch'])
})

/** Metrics of the Collector's redis receiver 0.151, and whether it makes them unasked (its metadata.yaml). */
const REDIS_METRICS: Readonly<Record<string, boolean>> = {
  'redis.maxmemory': false, 'redis.role': false, 'redis.cmd.calls': false, 'redis.cmd.usec': false, 'redis.cmd.latency': false, 'redis.replication.replica_offset': false,
  'redis.uptime': true, 'redis.cpu.time': true, 'redis.clients.connected': true, 'redis.clients.max_input_buffer': true, 'redis.clients.max_output_buffer': true, 'redis.clients.blocked': true,
  'redis.keys.expired': true, 'redis.keys.evicted': true, 'redis.connections.received': true, 'redis.connections.rejected': true,
  'redis.memory.used': true, 'redis.memory.peak': true, 'redis.memory.rss': true, 'redis.memory.lua': true, 'redis.memory.fragmentation_ratio': true,
  'redis.rdb.changes_since_last_save': true, 'redis.commands': true, 'redis.commands.processed': true, 'redis.net.input': true, 'redis.net.output': true,
  'redis.keyspace.hits': true, 'redis.keyspace.misses': true, 'redis.latest_fork': true, 'redis.slaves.connected': true,
  'redis.replication.backlog_first_byte_offset': true, 'redis.replication.offset': true, 'redis.db.keys': true, 'redis.db.expires': true, 'redis.db.avg_ttl': true, 'redis.cluster.slots_assigned': true,
}

test('every metric of Redis that a dashboard asks for is one that the receiver makes, unasked or switched on', () => {
  const { metrics } = config.receivers['redis'] as { readonly metrics: Readonly<Record<string, { readonly enabled: boolean }>> }
  const asked = new Set(filesIn('dashboards/generated', '.json').flatMap((path) => [...readText(path).matchAll(/'(redis\.[\w.]+)'/g)].map(([, name]) => name!)))
  expect(asked.size).toBeGreaterThan(10)
  expect([...asked].filter((name) => REDIS_METRICS[name] !== true && metrics[name]?.enabled !== true)).toEqual([])
  expect(Object.keys(metrics).filter((name) => REDIS_METRICS[name] !== false || !asked.has(name))).toEqual([])
})
