import { bytes, type ConfigOf, defineSettings, duration, flag, integer, port, secret, text, url } from '@ballast/service'

/** Every setting of ingest. */
export const settings = defineSettings('INGEST_', {
  port: port('INGEST_PORT', { default: 4318, help: 'OTLP/HTTP port' }),
  grpcPort: port('INGEST_GRPC_PORT', { default: 4317, help: 'OTLP/gRPC port' }),
  host: text('INGEST_HOST', { default: '127.0.0.1', help: 'address to listen on; any but a loopback one needs INGEST_API_KEYS_FILE' }),
  apiKeysFile: text('INGEST_API_KEYS_FILE', { default: '', help: 'JSON file of API keys: SHA-256 of the key in hex, to tenant' }),
  tlsCertFile: text('INGEST_TLS_CERT_FILE', { default: '', help: 'PEM file of the certificate, with its chain; TLS on both ports' }),
  tlsKeyFile: text('INGEST_TLS_KEY_FILE', { default: '', help: 'PEM file of the certificate’s private key' }),
  tlsClientCaFile: text('INGEST_TLS_CLIENT_CA_FILE', { default: '', help: 'PEM file of the authority that clients’ certificates must be signed by (mutual TLS)' }),
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
    help: 'bytes of requests that may wait for ClickHouse; more are answered 429',
  }),
  batchMaxRows: integer('INGEST_BATCH_MAX_ROWS', { default: 20_000, min: 1, max: 1_000_000, help: 'rows that close a batch' }),
  batchMaxBytes: bytes('INGEST_BATCH_MAX_BYTES', { default: 8 * 2 ** 20, minBytes: 1, help: 'bytes that close a batch' }),
  batchMaxAgeMs: duration('INGEST_BATCH_MAX_AGE', { default: 200, minMs: 1, maxMs: 10_000, help: 'age that closes a batch' }),
  insertConcurrency: integer('INGEST_INSERT_CONCURRENCY', { default: 2, min: 1, max: 64, help: 'inserts at once into one table' }),
  insertDeadlineMs: duration('INGEST_INSERT_DEADLINE', {
    default: 8_000,
    minMs: 50,
    maxMs: 300_000,
    help: 'time a request waits for its insert, retries included, before it is answered 503; keep it below the exporters’ timeout (10s)',
  }),
  clickhouseUrl: url('CLICKHOUSE_URL', { default: 'http://127.0.0.1:8123', protocols: ['http:', 'https:'], help: 'ClickHouse over HTTP' }),
  clickhouseDatabase: text('CLICKHOUSE_DATABASE', { default: 'otel', pattern: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/, allowed: 'a plain name', help: 'its database' }),
  clickhouseUser: text('CLICKHOUSE_USER', { default: 'default', help: 'its user' }),
  clickhousePassword: secret('CLICKHOUSE_PASSWORD', { default: '', help: 'its password' }),
})

/** What {@link settings} read into. */
export type IngestConfig = ConfigOf<typeof settings>
