import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClickHouse } from '@ballast/clickhouse'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { insertSpans, openDatabase } from './span-rows.ts'

const HOUR_MS = 3_600_000
const cli = fileURLToPath(new URL('../src/slo-cli.ts', import.meta.url))
let dir: string
let clickhouse: ClickHouse
let engine: Server
let answer: { status: number; body: unknown }
let url: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ballast-slo-cli-'))
  clickhouse = await openDatabase(inject('clickhouseUrl'), 'slo_commands')
  await writeFile(join(dir, 'orders.yaml'), `apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: checkout
  indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, service: checkout}}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
`)
  const yesterday = Date.now() - 24 * HOUR_MS
  await insertSpans(clickhouse, [{ atMs: yesterday, status: 'Error' }, { atMs: yesterday + 1 }, { atMs: yesterday - 3 * HOUR_MS }, { atMs: yesterday - 4 * HOUR_MS }], 50)
  engine = createServer((_, response) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body)))
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(engine.address() as { port: number }).port}`
})

afterAll(async () => {
  engine.close()
  await Promise.all([clickhouse.close(), rm(dir, { recursive: true, force: true })])
})

/** Runs a command as a person does. */
function slo(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'], SLO_DIR: dir, CLICKHOUSE_URL: inject('clickhouseUrl'), CLICKHOUSE_DATABASE: 'slo_commands' }
  return new Promise((resolve) => {
    execFile(process.execPath, ['--conditions=@ballast/source', cli, ...args], { env, timeout: 60_000 }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }))
  })
}

describe('npm run slo', () => {
  test('backfill measures the past with progress; simulate, suggest and report answer from it', async () => {
    const filled = await slo('backfill', '--days', '3')
    expect([filled.code, filled.err]).toEqual([0, expect.stringMatching(/33 %: 1 of 3 days[^]*100 %: 3 of 3 days, 200 rows read/)])
    const [planned, simulated, suggested, reported] = await Promise.all([slo('plan', '--json'), slo('simulate', '--days', '3', '--target', '0.95'), slo('suggest', '--days', '3', '--slo', 'orders'), slo('report', '--days', '3', '--json')])
    expect(JSON.parse(planned.out)).toMatchObject({ objectives: [{ name: 'orders', template: 'spans', sharedBy: 1, missingMs: expect.any(Number) }], failures: [] })
    expect(simulated.out).toMatch(/orders at 95.000 % over 3 days\n {2}page: would have fired 1 time, median detection 60 s\n[^]*1h\/5m/)
    expect(suggested.out).toMatch(/no usual target would have kept a third/)
    expect(JSON.parse(reported.out)).toMatchObject({ objectives: [{ name: 'orders', good: 150, bad: 50, total: 200, sli: 0.75, budgetRemaining: -24 }] })
  })

  test('lint says what tiers can do, and fails for what is wrong', async () => {
    expect((await slo('lint')).out).toMatch(/orders +99\.000 % +30d +page 1h\/5m +14\.4 +8\.6 min +5 min/)
    const wrong = await mkdtemp(join(dir, 'wrong-'))
    await writeFile(join(wrong, 'broken.yaml'), 'kind: SLO\n')
    const { code, out } = await slo('lint', '--dir', wrong)
    expect([code, out]).toEqual([1, expect.stringContaining('error: broken.yaml:1: SLO: apiVersion is missing')])
    expect((await slo('report', '--dir', wrong)).code).toBe(2)
  })

  test.each([
    ['open', 200, { status: 'ok', budgetRemaining: 0.5, alert: null }, 0],
    ['closed when the budget is gone', 200, { status: 'ok', budgetRemaining: -0.1, alert: null }, 1],
    ['closed while somebody is paged', 200, { status: 'burning', budgetRemaining: 0.9, alert: { severity: 'page' } }, 1],
    ['unknown without data', 200, { status: 'no data', budgetRemaining: null, alert: null }, 3],
    ['unknown when the engine fails', 500, {}, 3],
  ])('gate is %s', async (_, status, body, code) => {
    answer = { status, body }
    expect((await slo('gate', '--slo', 'orders', '--url', url)).code).toBe(code)
  })

  test.each([[['gates']], [['report', '--days', '0']], [['report', '--slo', 'nowhere']], [['gate']], [['simulate', '--target', '1']], [['lint', '--nothing']]])('%j is refused with a sentence', async (args) => {
    const { code, err } = await slo(...args)
    expect([code, err]).toEqual([2, expect.stringMatching(/\S[^]*See: npm run slo -- --help/)])
  })
})
