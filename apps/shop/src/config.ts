import { type ConfigOf, defineSettings, duration, integer, port, secret, text, url } from '@ballast/service'

const http = ['http:', 'https:'] as const

/** Settings of all the shop's services: one list, so that every service knows the variables of the others. */
export const settings = defineSettings('SHOP_', {
  host: text('SHOP_HOST', { default: '127.0.0.1', help: 'address that the services listen on' }),
  storefrontPort: port('SHOP_STOREFRONT_PORT', { default: 8080, help: 'port of the storefront' }),
  catalogPort: port('SHOP_CATALOG_PORT', { default: 8081, help: 'port of the catalog' }),
  checkoutPort: port('SHOP_CHECKOUT_PORT', { default: 8082, help: 'port of the checkout' }),
  trafficPort: port('SHOP_TRAFFIC_PORT', { default: 8083, help: 'port of the traffic generator' }),
  storefrontUrl: url('SHOP_STOREFRONT_URL', { default: '', protocols: http, help: 'where the traffic goes; by default the storefront on this machine' }),
  catalogUrl: url('SHOP_CATALOG_URL', { default: '', protocols: http, help: 'where the storefront finds the catalog; by default on this machine' }),
  checkoutUrl: url('SHOP_CHECKOUT_URL', { default: '', protocols: http, help: 'where the storefront finds the checkout; by default on this machine' }),
  redisUrl: url('REDIS_URL', { default: 'redis://127.0.0.1:6379', protocols: ['redis:', 'rediss:'], help: 'Redis of the catalog\'s cache and the checkout\'s queue' }),
  otlpEndpoint: url('OTEL_EXPORTER_OTLP_ENDPOINT', { default: 'http://127.0.0.1:4318', protocols: http, help: 'OTLP/HTTP receiver of traces, events and metrics' }),
  otlpHeaders: secret('OTEL_EXPORTER_OTLP_HEADERS', { default: '', help: 'sent with every export, as key=value pairs: the receiver\'s API key' }),
  cacheNamespace: text('SHOP_CACHE_NAMESPACE', { default: 'shop', pattern: /^[\w.-]{1,64}$/, allowed: '1 to 64 letters, digits, _, - or .', help: 'first part of the keys in Redis' }),
  telemetryDelayMs: duration('SHOP_TELEMETRY_DELAY', { default: 1_000, minMs: 10, maxMs: 60_000, help: 'longest time a span or event waits for its batch' }),
  metricIntervalMs: duration('SHOP_METRIC_INTERVAL', { default: 15_000, minMs: 100, maxMs: 3_600_000, help: 'time between two exports of metrics' }),
  sampleOneIn: integer('SHOP_SAMPLE_ONE_IN', { default: 1, min: 1, max: 10_000, help: 'of so many ordinary requests one is kept, with its weight; failures and slow ones always are' }),
  cronIntervalMs: duration('SHOP_CRON_INTERVAL', { default: 60_000, minMs: 100, maxMs: 86_400_000, help: 'time between runs of the catalog\'s price review and the checkout\'s parcel sweep' }),
  dataDir: text('SHOP_DATA_DIR', { default: '.ballast/shop', help: 'folder of the databases' }),
  products: integer('SHOP_PRODUCTS', { default: 10_000, min: 10, max: 1_000_000, help: 'products in a new catalog database, and in the traffic' }),
  downstreamTimeoutMs: duration('SHOP_DOWNSTREAM_TIMEOUT', { default: 2_000, minMs: 10, maxMs: 60_000, help: 'deadline of a call to another service' }),
  trafficRate: integer('SHOP_TRAFFIC_RATE', { default: 20, min: 1, max: 10_000, help: 'requests a second' }),
  trafficSeed: integer('SHOP_TRAFFIC_SEED', { default: 1, min: 0, max: 2 ** 32 - 1, help: 'seed of the sequence of requests' }),
  trafficRequests: integer('SHOP_TRAFFIC_REQUESTS', { default: 0, min: 0, max: 1_000_000_000, help: 'stop after so many requests; 0 is endless' }),
  trafficZipfExponent: text('SHOP_TRAFFIC_ZIPF_EXPONENT', {
    default: '1.2',
    pattern: /^[0-4](\.\d{1,3})?$/,
    allowed: 'a number from 0 (all products alike) to 4.999',
    help: 'how much more popular the popular products are',
  }),
  trafficMaxConcurrency: integer('SHOP_TRAFFIC_MAX_CONCURRENCY', { default: 64, min: 1, max: 10_000, help: 'most requests under way; more are skipped and counted' }),
  trafficTimeoutMs: duration('SHOP_TRAFFIC_TIMEOUT', { default: 5_000, minMs: 10, maxMs: 60_000, help: 'deadline of a request' }),
})

/** What the settings read into. */
export type ShopConfig = ConfigOf<typeof settings>
