import { type ConfigOf, defineSettings, port, secret, text, url } from '@ballast/service'

/**
 * What `npm start` itself reads. Everything else in the environment reaches the apps, which check their own settings.
 * Ports have the names that the apps know them by.
 */
export const stackSettings = defineSettings('BALLAST_', {
  stateDir: text('BALLAST_STATE_DIR', { default: '.ballast', help: 'where data and logs of this machine live' }),
  redisUrl: url('REDIS_URL', { default: '', protocols: ['redis:', 'rediss:'], help: 'use this Redis instead of starting one' }),
  redisPort: port('REDIS_PORT', { default: 6390, help: 'port of the Redis that is started' }),
  clickhouseUrl: url('CLICKHOUSE_URL', { default: '', protocols: ['http:', 'https:'], help: 'use this ClickHouse instead of the embedded one' }),
  clickhouseDatabase: text('CLICKHOUSE_DATABASE', { default: 'otel', pattern: /^[A-Za-z_]\w*$/, allowed: 'letters, digits and underscores', help: 'database of telemetry' }),
  clickhouseUser: text('CLICKHOUSE_USER', { default: 'default', help: 'user of ClickHouse' }),
  clickhousePassword: secret('CLICKHOUSE_PASSWORD', { default: '', help: 'password of ClickHouse' }),
  clickhousePort: port('CLICKHOUSE_EMBEDDED_PORT', { default: 8123, help: 'port of embedded ClickHouse' }),
  ingestPort: port('INGEST_PORT', { default: 4318, help: 'OTLP/HTTP port of ingest' }),
  metricsUrl: url('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', { default: '', protocols: ['http:', 'https:'], help: 'where the apps\' own metrics go; by default to ingest' }),
  ingestGrpcPort: port('INGEST_GRPC_PORT', { default: 4317, help: 'OTLP/gRPC port of ingest' }),
  sloPort: port('SLO_PORT', { default: 9095, help: 'port of slo: API and console' }),
  sloWebhookUrl: url('SLO_WEBHOOK_URL', { default: '', protocols: ['http:', 'https:'], help: 'where alerts go; by default they are shown here' }),
  storefrontPort: port('SHOP_STOREFRONT_PORT', { default: 8080, help: 'port of the shop: storefront' }),
  catalogPort: port('SHOP_CATALOG_PORT', { default: 8081, help: 'port of the shop: catalog' }),
  checkoutPort: port('SHOP_CHECKOUT_PORT', { default: 8082, help: 'port of the shop: checkout' }),
  trafficPort: port('SHOP_TRAFFIC_PORT', { default: 8083, help: 'port of the shop: traffic generator' }),
})

/** The settings of `npm start`, read. */
export type StackConfig = ConfigOf<typeof stackSettings>
