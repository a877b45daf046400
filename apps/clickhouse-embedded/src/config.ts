import { bytes, type ConfigOf, defineSettings, duration, integer, port, secret, text } from '@ballast/service'

const MIB = 2 ** 20

/** Everything that the environment can set. */
export const settings = defineSettings('CLICKHOUSE_EMBEDDED_', {
  host: text('CLICKHOUSE_EMBEDDED_HOST', { default: '127.0.0.1', help: 'address to listen on; another than loopback needs a password' }),
  port: port('CLICKHOUSE_EMBEDDED_PORT', { default: 8123, help: 'port of the HTTP interface' }),
  dataDir: text('CLICKHOUSE_EMBEDDED_DATA_DIR', { default: '.ballast/clickhouse', help: 'folder of the data; one process at a time uses it' }),
  user: text('CLICKHOUSE_EMBEDDED_USER', { default: 'default', help: 'the one user' }),
  password: secret('CLICKHOUSE_EMBEDDED_PASSWORD', { default: '', help: 'its password' }),
  maxBodyBytes: bytes('CLICKHOUSE_EMBEDDED_MAX_BODY_BYTES', {
    default: 256 * MIB,
    minBytes: 1024,
    help: 'largest request body, counted as sent and again after inflating',
  }),
  maxConcurrentQueries: integer('CLICKHOUSE_EMBEDDED_MAX_CONCURRENT_QUERIES', { default: 8, min: 1, max: 64, help: 'queries that run at once' }),
  maxConcurrentInserts: integer('CLICKHOUSE_EMBEDDED_MAX_CONCURRENT_INSERTS', { default: 2, min: 1, max: 64, help: 'inserts of rows that run at once; others wait, with their rows on disk' }),
  maxQueuedQueries: integer('CLICKHOUSE_EMBEDDED_MAX_QUEUED_QUERIES', { default: 64, min: 0, max: 10_000, help: 'queries that wait; more are refused with 503' }),
  queueTimeoutMs: duration('CLICKHOUSE_EMBEDDED_QUEUE_TIMEOUT', { default: 30_000, minMs: 10, help: 'longest wait for a turn; then 503' }),
  maxExecutionTimeMs: duration('CLICKHOUSE_EMBEDDED_MAX_EXECUTION_TIME', {
    default: 300_000,
    minMs: 1000,
    help: 'default of max_execution_time for each query',
  }),
  drainTimeoutMs: duration('CLICKHOUSE_EMBEDDED_DRAIN_TIMEOUT', {
    default: 10_000,
    minMs: 0,
    help: 'time for running queries to finish at shutdown; then they are cancelled (keep it below SHUTDOWN_TIMEOUT)',
  }),
  sendTimeoutMs: duration('CLICKHOUSE_EMBEDDED_SEND_TIMEOUT', { default: 60_000, minMs: 10, help: 'a client that takes nothing of its result for this long is cut off' }),
  maxSpoolBytes: bytes('CLICKHOUSE_EMBEDDED_MAX_SPOOL_BYTES', { default: 4096 * MIB, minBytes: 1024, help: 'disk that requests in progress may use together; more are refused with 503' }),
  maxServerMemoryBytes: bytes('CLICKHOUSE_EMBEDDED_MAX_SERVER_MEMORY', {
    default: 1536 * MIB,
    minBytes: 512 * MIB,
    help: 'memory of the whole process above which queries fail (max_server_memory_usage)',
  }),
  maxMemoryBytes: bytes('CLICKHOUSE_EMBEDDED_MAX_MEMORY', {
    default: 800 * MIB,
    minBytes: 16 * MIB,
    help: 'default of max_memory_usage for each query',
  }),
  nice: integer('CLICKHOUSE_EMBEDDED_NICE', { default: 0, min: 0, max: 19, help: 'how far it steps back when processors are short: 0 not at all, 19 most' }),
  minFreeDiskBytes: bytes('CLICKHOUSE_EMBEDDED_MIN_FREE_DISK', { default: 512 * MIB, help: 'free disk below which /readyz fails' }),
})

/** The configuration of this app. */
export type EmbeddedConfig = ConfigOf<typeof settings>
