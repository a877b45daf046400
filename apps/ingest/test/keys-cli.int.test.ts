import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { span, traces } from './otlp-server.ts'
import { runIngest, type RunningIngest } from './running-ingest.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const database = `ingest_keys_${process.pid}`
const shared = { INGEST_API_KEYS_TABLE: 'true', REDIS_URL: inject('redisUrl') }
let ingest: RunningIngest

beforeAll(async () => {
  ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database, env: shared })
  await ingest.untilReady()
})

afterAll(() => ingest.clean())

async function keys(...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], CLICKHOUSE_URL: inject('clickhouseUrl'), CLICKHOUSE_DATABASE: database, REDIS_URL: inject('redisUrl') }
  const { stdout } = await promisify(execFile)('node', ['--conditions=@ballast/source', 'apps/ingest/src/keys-cli.ts', ...args], { cwd: root, env })
  return stdout.trim()
}

const status = async (key: string, path = '/v1/traces', body = traces(span('work', { startTimeUnixNano: `${Date.now()}000000` }))): Promise<number> => (await ingest.post(path, body, { 'content-type': 'application/json', 'x-api-key': key })).status

test('a key in the table opens at once, within its limits; two live side by side; a revoked one does not, without a restart', async () => {
  const key = await keys('add', 'acme', '--name', 'checkout')
  expect(await status(key)).toBe(200)
  const limited = await keys('add', 'acme', '--signals', 'logs', '--expires', '2100-01-01T00:00:00Z')
  expect([await status(limited), await status(limited, '/v1/logs', '{}'), await status('blst_wrong')]).toEqual([403, 200, 401])
  const listed = (await keys('list')).split('\n').map((line) => line.split('\t'))
  expect(listed.map(([tenant, name, , signals]) => [tenant, name, signals])).toEqual([['acme', '-', 'logs'], ['acme', 'checkout', 'all signals']])
  expect(await keys('revoke', listed[1]![2]!)).toMatch(/^revoked acme /)
  await expect.poll(() => status(key), { timeout: 5_000 }).toBe(401)
  expect(await status(limited, '/v1/logs', '{}')).toBe(200)
  expect((await ingest.rows('SELECT DISTINCT TenantId FROM otel_traces')).map((row) => row['TenantId'])).toEqual(['acme'])
})
