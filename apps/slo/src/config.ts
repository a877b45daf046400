import { fileURLToPath } from 'node:url'
import { defineSettings, duration, port, secret, text, url } from '@ballast/service'

/** The repository's `infra/slo`, seen from here. */
const infra = new URL('../../../infra/slo/', import.meta.url)

/** Every setting of the SLO engine. */
export const settings = defineSettings('SLO_', {
  host: text('SLO_HOST', { default: '127.0.0.1', help: 'address that the API listens on' }),
  port: port('SLO_PORT', { default: 9095, help: 'port of the API and console' }),
  dir: text('SLO_DIR', { default: fileURLToPath(infra), help: 'folder of the OpenSLO files (*.yaml)' }),
  tiersFile: text('SLO_TIERS_FILE', { default: fileURLToPath(new URL('tiers/30d.json', infra)), help: 'catalogue of burn-rate tiers' }),
  tickMs: duration('SLO_TICK', { default: 15_000, minMs: 100, maxMs: 600_000, help: 'how often objectives are evaluated' }),
  ingestLagMs: duration('SLO_INGEST_LAG', { default: 5000, maxMs: 3_600_000, help: 'events younger than this are not counted yet' }),
  finalAfterMs: duration('SLO_FINAL_AFTER', { default: 300_000, maxMs: 86_400_000, help: 'a bucket is counted again until it is this much older than what is counted last' }),
  rescanMs: duration('SLO_RESCAN', { default: 3_600_000, minMs: 1000, help: 'a bucket is counted again when it is this old, and at 24 times this age, for rows that came later still' }),
  queryTimeoutMs: duration('SLO_QUERY_TIMEOUT', { default: 20_000, minMs: 100, maxMs: 600_000, help: 'time that one query may take' }),
  sqlUser: text('SLO_SQL_USER', { default: '', help: 'user of ClickHouse for the SQL of objectives: give it the right to read, and no other; the user of the engine when empty' }),
  sqlPassword: secret('SLO_SQL_PASSWORD', { default: '', help: 'password of that user' }),
  leaseMs: duration('SLO_LEASE', { default: 30_000, minMs: 500, maxMs: 600_000, help: 'how long a replica leads after it last said so; at least two ticks, whatever is set' }),
  consoleUrl: url('SLO_CONSOLE_URL', { default: '', protocols: ['http:', 'https:'], help: 'where people reach the console, for links in alerts' }),
  dashboardUrl: text('SLO_DASHBOARD_URL', { default: '', pattern: /^https?:\/\//, allowed: 'a URL that starts with https:// or http://', help: 'where people reach the dashboard of an objective; {objective} stands for its name' }),
  apiToken: secret('SLO_API_TOKEN', { default: '', help: 'who sends it as a bearer token may acknowledge and silence; without it, whoever is on this machine' }),
  notifyFile: text('SLO_NOTIFY_FILE', { default: '', help: 'file of targets and routes; without it alerts go to SLO_WEBHOOK_URL' }),
  webhookUrl: url('SLO_WEBHOOK_URL', { default: '', protocols: ['http:', 'https:'], help: 'where alerts are sent when there is no SLO_NOTIFY_FILE; without either they are logged' }),
  webhookSecret: secret('SLO_WEBHOOK_SECRET', { default: '', help: 'signs what is sent (standard-webhooks, whsec_…)' }),
  webhookTimeoutMs: duration('SLO_WEBHOOK_TIMEOUT', { default: 15_000, minMs: 100, maxMs: 60_000, help: 'time that one delivery attempt may take' }),
  redisUrl: url('REDIS_URL', { default: '', protocols: ['redis:', 'rediss:'], help: 'Redis that replicas share; without it there is to be one engine' }),
  clickhouseUrl: url('CLICKHOUSE_URL', { default: 'http://127.0.0.1:8123', protocols: ['http:', 'https:'], help: 'HTTP interface of ClickHouse' }),
  clickhouseDatabase: text('CLICKHOUSE_DATABASE', { default: 'otel', pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, allowed: 'letters, digits and _', help: 'database of the tables' }),
  clickhouseUser: text('CLICKHOUSE_USER', { default: 'default', help: 'user of ClickHouse' }),
  clickhousePassword: secret('CLICKHOUSE_PASSWORD', { default: '', help: 'password of ClickHouse' }),
})
