import { TENANT_NAME } from './tenants/api-key.ts'
import { bytes, choice, type ConfigOf, defineSettings, duration, flag, integer, port, secret, text, url } from '@ballast/service'

const DAY_MS = 86_400_000

/** Every setting of ingest. */
export const settings = defineSettings('INGEST_', {
  port: port('INGEST_PORT', { default: 4318, help: 'OTLP/HTTP port' }),
  grpcPort: port('INGEST_GRPC_PORT', { default: 4317, help: 'OTLP/gRPC port' }),
  host: text('INGEST_HOST', { default: '127.0.0.1', help: 'address to listen on; any but a loopback one needs API keys' }),
  apiKeysFile: text('INGEST_API_KEYS_FILE', { default: '', help: 'JSON file of API keys: SHA-256 of the key in hex, to tenant; read again when it changes' }),
  apiKeysTable: flag('INGEST_API_KEYS_TABLE', { default: false, help: 'whether API keys are looked up in ClickHouse, in ballast_api_keys' }),
  tlsCertFile: text('INGEST_TLS_CERT_FILE', { default: '', help: 'PEM file of the certificate, with its chain; TLS on both ports' }),
  tlsKeyFile: text('INGEST_TLS_KEY_FILE', { default: '', help: 'PEM file of the certificate’s private key' }),
  tlsClientCaFile: text('INGEST_TLS_CLIENT_CA_FILE', { default: '', help: 'PEM file of the authority that clients’ certificates must be signed by (mutual TLS)' }),
  tenantsFile: text('INGEST_TENANTS_FILE', { default: '', help: 'JSON file of what tenants get in place of the quotas, weight and sampling of everybody; read again when it changes' }),
  corsOrigins: text('INGEST_CORS_ORIGINS', {
    default: '',
    pattern: /^(\*|https?:\/\/[^\s,*]+(\s*,\s*https?:\/\/[^\s,*]+)*)$/,
    allowed: 'origins such as https://shop.example with commas between them, or *',
    help: 'origins whose pages may send from the browser',
  }),
  migrate: flag('INGEST_MIGRATE', { default: true, help: 'create and update the tables at the start' }),
  maxBodyBytes: bytes('INGEST_MAX_BODY_BYTES', { default: 64 * 2 ** 20, minBytes: 1024, help: 'largest request body, compressed and inflated' }),
  maxQueuedBytes: bytes('INGEST_MAX_QUEUED_BYTES', {
    default: 256 * 2 ** 20,
    minBytes: 1024,
    help: 'bytes of requests that may be read and written to the journal at once; more are answered 429',
  }),
  quotaBytes: bytes('INGEST_QUOTA_BYTES', { default: 0, help: 'inflated bytes a second that each tenant may send over longer times; 0 is no limit' }),
  quotaRecords: integer('INGEST_QUOTA_RECORDS', { default: 0, min: 0, max: 1_000_000_000, help: 'records a second that each tenant may send over longer times; 0 is no limit' }),
  quotaBurst: integer('INGEST_QUOTA_BURST', { default: 5, min: 1, max: 1000, help: 'how many times as much a tenant may send for a short time' }),
  quotaBurstTimeMs: duration('INGEST_QUOTA_BURST_TIME', { default: 30_000, minMs: 100, maxMs: 3_600_000, help: 'of how much time a quota that is not used is saved up' }),
  turnMaxWaitMs: duration('INGEST_TURN_MAX_WAIT', { default: 5_000, minMs: 1, maxMs: 60_000, help: 'longest wait of a request for its turn beside those of other tenants; then 503' }),
  turnWindowBytes: bytes('INGEST_TURN_WINDOW', { default: 8 * 2 ** 20, minBytes: 1024, help: 'bytes of requests that are decoded and written at once; the others wait for their turn' }),
  idempotencyWindowMs: duration('INGEST_IDEMPOTENCY_WINDOW', { default: 600_000, minMs: 1_000, maxMs: 86_400_000, help: 'how long an Idempotency-Key is remembered' }),
  sampleRate: integer('INGEST_SAMPLE_RATE', { default: 1, min: 1, max: 1_000_000, help: 'of so many spans and log records one is stored, by trace; errors and slow spans all are; 1 stores everything' }),
  sampleKeepSlowMs: duration('INGEST_SAMPLE_KEEP_SLOW', { default: 1_000, minMs: 0, help: 'spans that take as long are stored whatever the rate' }),
  stressMaxFactor: integer('INGEST_STRESS_MAX_FACTOR', { default: 1, min: 1, max: 1_000, help: 'how many times coarser sampling may become before requests are refused; 1 is never' }),
  maxRecordAgeMs: duration('INGEST_MAX_RECORD_AGE', { default: 30 * DAY_MS, minMs: 60_000, help: 'age beyond which records are rejected; tables keep 30 days' }),
  maxRecordAheadMs: duration('INGEST_MAX_RECORD_AHEAD', { default: DAY_MS, minMs: 0, help: 'how far in the future the time of a record may lie' }),
  requestEvents: integer('INGEST_REQUEST_EVENTS', { default: 0, min: 0, max: 10_000, help: 'most events a second by which ingest tells of its own requests; 0 is none' }),
  requestEventsTenant: text('INGEST_REQUEST_EVENTS_TENANT', { default: 'default', pattern: TENANT_NAME, allowed: 'letters, digits, ".", "_" and "-"', help: 'whose events these are' }),
  redaction: flag('INGEST_REDACTION', { default: true, help: 'whether secrets are redacted before anything is stored' }),
  redactionFile: text('INGEST_REDACTION_FILE', { default: '', help: 'JSON file of rules of redaction; without it attributes named like secrets are masked' }),
  pseudonymSecret: secret('INGEST_PSEUDONYM_SECRET', { default: '', help: 'secret of which the keys for pseudonyms are made, at least 16 characters' }),
  maxValueBytes: bytes('INGEST_MAX_VALUE_BYTES', { default: 64 * 2 ** 10, minBytes: 64, help: 'longest value of an attribute; longer ones are cut' }),
  maxLogBodyBytes: bytes('INGEST_MAX_LOG_BODY_BYTES', { default: 2 ** 20, minBytes: 64, help: 'longest body of a log record; longer ones are cut' }),
  maxAttributes: integer('INGEST_MAX_ATTRIBUTES', { default: 1_000, min: 1, max: 100_000, help: 'attributes of one record, event, link, scope or resource; further ones are left out' }),
  cardinalityMode: choice('INGEST_CARDINALITY_MODE', {
    default: 'replace',
    values: ['replace', 'report', 'off'],
    help: 'what becomes of values of a key that has too many: replaced, or stored and reported, or not even counted',
  }),
  cardinalityMaxValues: integer('INGEST_CARDINALITY_MAX_VALUES', { default: 10_000, min: 1, max: 1_000_000, help: 'distinct values that a key may have for one tenant in one window' }),
  cardinalityWindowMs: duration('INGEST_CARDINALITY_WINDOW', { default: 3_600_000, minMs: 1_000, maxMs: DAY_MS, help: 'time after which the values of all keys are forgotten' }),
  journalDir: text('INGEST_JOURNAL_DIR', { default: '.ballast/ingest', help: 'folder of the journal; one process at a time uses it' }),
  journalMaxBytes: bytes('INGEST_JOURNAL_MAX_BYTES', {
    default: 2 ** 30,
    minBytes: 2 ** 20,
    help: 'bytes of the journal; above it requests are answered 503',
  }),
  journalMaxAgeMs: duration('INGEST_JOURNAL_MAX_AGE', {
    default: DAY_MS,
    minMs: 1_000,
    help: 'age of what waits for ClickHouse; above it requests are answered 503',
  }),
  batchMaxRows: integer('INGEST_BATCH_MAX_ROWS', { default: 65_536, min: 1, max: 1_000_000, help: 'rows that close a segment of the journal, which is one insert a table' }),
  batchMaxBytes: bytes('INGEST_BATCH_MAX_BYTES', { default: 32 * 2 ** 20, minBytes: 1, help: 'bytes that close it' }),
  batchMaxAgeMs: duration('INGEST_BATCH_MAX_AGE', { default: 1_000, minMs: 1, maxMs: 10_000, help: 'age that closes it, when ClickHouse is ready for it' }),
  insertConcurrency: integer('INGEST_INSERT_CONCURRENCY', { default: 3, min: 1, max: 64, help: 'most segments inserted at once, or on their way' }),
  insertTimeoutMs: duration('INGEST_INSERT_TIMEOUT', { default: 30_000, minMs: 50, maxMs: 300_000, help: 'time for one insert; then it goes again' }),
  redisUrl: url('REDIS_URL', { default: '', protocols: ['redis:', 'rediss:'], help: 'Redis that replicas share: known keys, quotas, idempotency keys; without it each replica is on its own' }),
  redisCluster: flag('REDIS_CLUSTER', { default: false, help: 'whether REDIS_URL names a node of a Redis Cluster' }),
  clickhouseUrl: url('CLICKHOUSE_URL', { default: 'http://127.0.0.1:8123', protocols: ['http:', 'https:'], help: 'ClickHouse over HTTP' }),
  clickhouseDatabase: text('CLICKHOUSE_DATABASE', { default: 'otel', pattern: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/, allowed: 'a plain name', help: 'its database' }),
  clickhouseUser: text('CLICKHOUSE_USER', { default: 'default', help: 'its user' }),
  clickhousePassword: secret('CLICKHOUSE_PASSWORD', { default: '', help: 'its password' }),
})

/** What {@link settings} read into. */
export type IngestConfig = ConfigOf<typeof settings>
