import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClickHouse } from '@ballast/clickhouse'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { readTierCatalog } from '../src/burn/tier-catalog.ts'
import { backfill } from '../src/commands/backfill.ts'
import type { CommandContext, CommandOptions } from '../src/commands/command.ts'
import { gate } from '../src/commands/gate.ts'
import { lint } from '../src/commands/lint.ts'
import { offenders } from '../src/commands/offenders.ts'
import { plan } from '../src/commands/plan.ts'
import { report } from '../src/commands/report.ts'
import { simulate } from '../src/commands/simulate.ts'
import { suggest } from '../src/commands/suggest.ts'
import { settings } from '../src/config.ts'
import { ObjectiveFolder } from '../src/openslo/objective-folder.ts'
import { insertSpans, openDatabase } from './span-rows.ts'

const HOUR_MS = 3_600_000
const cli = fileURLToPath(new URL('../src/slo-cli.ts', import.meta.url))
let base: string
let dir: string
let clickhouse: ClickHouse
let engine: Server
let answer: { status: number; body: unknown }
let url: string

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'ballast-slo-cli-'))
  dir = join(base, 'objectives')
  await mkdir(dir)
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
  await Promise.all([clickhouse.close(), rm(base, { recursive: true, force: true })])
})

/** Runs the command line as a person does. */
function slo(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'], SLO_DIR: dir, CLICKHOUSE_URL: inject('clickhouseUrl'), CLICKHOUSE_DATABASE: 'slo_commands' }
  return new Promise((resolve) => {
    execFile(process.execPath, ['--conditions=@ballast/source', cli, ...args], { env, timeout: 60_000 }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }))
  })
}

const progress: string[] = []

/** What the command line gives a command. */
async function context(options: Partial<CommandOptions> = {}, from = dir): Promise<CommandContext> {
  const config = settings.read({ CLICKHOUSE_URL: inject('clickhouseUrl'), CLICKHOUSE_DATABASE: 'slo_commands' })
  const catalog = readTierCatalog(config.tiersFile)
  const set = await new ObjectiveFolder(from, catalog).read()
  return { options: { slo: undefined, days: 3, target: undefined, minBudget: 0, url, by: 'operation', ...options }, config, catalog, set, clickhouse, signal: AbortSignal.timeout(60_000), now: Date.now, progress: (line) => void progress.push(line) }
}

describe('the commands', () => {
  test('backfill measures the past with progress; plan, simulate, suggest and report answer from it', async () => {
    await backfill(await context())
    expect(progress.map((line) => line.split(',')[0])).toEqual(['33 %: 1 of 3 days', '67 %: 2 of 3 days', '100 %: 3 of 3 days'])
    expect(progress.at(-1)).toContain('200 rows read')
    expect((await plan(await context())).data).toMatchObject({ objectives: [{ name: 'orders', template: 'spans', sharedBy: 1 }], failures: [] })
    const simulated = (await simulate(await context({ target: '0.97' }))).lines.join('\n')
    expect(simulated).toMatch(/^orders at 97.000 % over 3 days\n {2}page: would have fired 1 time, median detection 60 s\n[^]*page 1h\/5m, found after 60 s/)
    expect((await suggest(await context({ slo: 'orders' }))).data).toMatchObject({ objectives: [{ suggested: null, trials: expect.arrayContaining([expect.objectContaining({ target: '0.99', remaining: -24 })]) as unknown }] })
    expect((await report(await context())).data).toMatchObject({ objectives: [{ name: 'orders', good: 150, bad: 50, total: 200, sli: 0.75, budgetRemaining: -24 }] })
  })

  test('report, simulate and suggest leave out what corrections say: a time, or rows', async () => {
    const corrected = await mkdtemp(join(base, 'corrected-'))
    const correction = (name: string, startMs: number, rows = ''): string => `---\napiVersion: ballast/v1\nkind: Correction\nmetadata: {name: ${name}}\nspec: {slos: [synthetic], startTime: "${new Date(startMs).toISOString().slice(0, 19).replace('T', ' ')}", duration: 1h${rows}}\n`
    const at = Math.floor((Date.now() - 20 * HOUR_MS) / HOUR_MS) * HOUR_MS
    const text = (await readFile(join(dir, 'orders.yaml'), 'utf8')).replace('name: orders', 'name: synthetic').replace('service: checkout}}', 'service: synthetic}}')
    await writeFile(join(corrected, 'orders.yaml'), text)
    const client = { service: 'synthetic', status: 'Error' } as const
    await insertSpans(clickhouse, [
      { ...client, atMs: at + 1 },
      { ...client, atMs: at + 3 * HOUR_MS, attributes: { client: 'probe' } },
      { ...client, atMs: at + 3 * HOUR_MS },
      { service: 'synthetic', atMs: at + 3 * HOUR_MS },
    ], 10)
    await backfill(await context({ days: 2 }, corrected))
    const figures = async (): Promise<unknown> => (await report(await context({ days: 2 }, corrected))).data
    expect(await figures()).toMatchObject({ objectives: [{ bad: 30, total: 40 }] })
    await writeFile(join(corrected, 'corrections.yaml'), correction('works', at) + correction('probe', at + 3 * HOUR_MS, ', rows: {attributes: {client: probe}}'))
    await backfill(await context({ days: 2 }, corrected))
    expect(await figures()).toMatchObject({ objectives: [{ bad: 10, total: 20 }] })
    expect((await simulate(await context({ days: 2 }, corrected))).data).toMatchObject({ objectives: [{ alerts: [{ severity: 'page' }, { severity: 'ticket' }] }] })
    expect((await suggest(await context({ days: 2 }, corrected))).data).toMatchObject({ objectives: [{ trials: expect.arrayContaining([expect.objectContaining({ target: '0.9', remaining: -4 })]) as unknown }] })
  })

  test('offenders names who has the bad events, and what share of all', async () => {
    expect((await offenders(await context())).data).toMatchObject({ objectives: [{ name: 'orders', groups: [{ group: 'POST /orders', bad: 50, total: 200, share: 1 }] }] })
    expect((await offenders(await context({ by: 'attributes.http.route' }))).lines.join('\n')).toMatch(/\(none\) +50 +200 +75\.000 % +100\.0 %/)
    await expect(offenders(await context({ by: 'host' }))).rejects.toThrow(/--by is "host"; allowed: tenant, operation, attributes\.NAME/)
  })

  test('lint fails for what is wrong', async () => {
    const wrong = await mkdtemp(join(base, 'wrong-'))
    await writeFile(join(wrong, 'broken.yaml'), 'kind: SLO\n')
    const { exitCode, lines } = lint(await context({}, wrong))
    expect([exitCode, lines]).toEqual([1, expect.arrayContaining([expect.stringContaining('error: broken.yaml:1: SLO: apiVersion is missing')])])
  })

  test.each([
    ['open', 200, { status: 'ok', budgetRemaining: 0.5, alert: null }, 0],
    ['closed when the budget is gone', 200, { status: 'ok', budgetRemaining: -0.1, alert: null }, 1],
    ['closed while somebody is paged', 200, { status: 'burning', budgetRemaining: 0.9, alert: { severity: 'page' } }, 1],
    ['unknown without data', 200, { status: 'no data', budgetRemaining: null, alert: null }, 3],
    ['unknown when the engine fails', 500, {}, 3],
  ])('gate is %s', async (_, status, body, code) => {
    answer = { status, body }
    expect((await gate(await context({ slo: 'orders' }))).exitCode).toBe(code)
  })

  test('refuse what they cannot use', async () => {
    await expect(gate(await context())).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(simulate(await context({ target: '1' }))).rejects.toThrow(/--target is "1"; allowed: a decimal from 0 to below 1/)
    await expect(report(await context({ slo: 'nowhere' }))).rejects.toThrow(/no objective is called nowhere; there are: orders/)
  })
})

test('npm run slo answers on standard output, and refuses with a sentence and exit code 2', async () => {
  const [good, bad] = await Promise.all([slo('lint'), slo('report', '--days', '0')])
  expect([good.code, good.out]).toEqual([0, expect.stringMatching(/orders +99\.000 % +30d +page 1h\/5m +14\.4 +8\.6 min +5 min/)])
  expect([bad.code, bad.err]).toEqual([2, '--days is "0"; allowed: a number from 1 to 800.\nSee: npm run slo -- --help\n'])
})
