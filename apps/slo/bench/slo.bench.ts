import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClickHouse, createClickHouse, materializedViews, migrate, tableNames } from '@ballast/clickhouse'
import { startApp } from '../../../scripts/stack/app-process.ts'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { complement, parseDecimal } from '../src/burn/fraction.ts'
import { readTierCatalog } from '../src/burn/tier-catalog.ts'
import { tiersFor } from '../src/burn/tier.ts'
import { RollUpStore } from '../src/clickhouse/roll-up-store.ts'
import { SpanStore } from '../src/clickhouse/span-store.ts'
import { Measurement } from '../src/measure/measurement.ts'
import { occurrences } from '../src/objective/budgeting.ts'
import { type Evaluation, evaluate } from '../src/objective/evaluation.ts'
import { openGates } from '../src/objective/gates.ts'
import { needOf } from '../src/objective/objective-needs.ts'
import type { Objective } from '../src/objective/objective.ts'
import { readingOf } from '../src/objective/reading.ts'
import type { BenchRow } from '../../../scripts/bench-row.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
/** Spans of each operation in a minute. */
const SPANS_PER_MINUTE = 2
/** As long as the longest window of the tiers, and a day. */
const SHORT_HISTORY_DAYS = 4
const CPU_LIMIT_SECONDS = 2
const WINDOW_LIMIT_MS = 50
/** `/proc/<pid>/stat` counts in hundredths of a second. */
const TICKS_PER_SECOND = 100

interface Context {
  readonly quick: boolean
  readonly report: (row: BenchRow) => void
}

interface Sizes {
  readonly services: number
  readonly operations: number
  /** Minutes of history in the roll-up. */
  readonly historyDays: number
}

/** `npm run bench -- slo`. */
export const bench = {
  name: 'slo',
  summary: 'a tick of 10,000 objectives over 100 services (--quick: 2,000 over 100), sick against healthy, and after a month against after four days',
  run,
}

async function run({ quick, report }: Context): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-bench-slo-'))
  const port = await freePort()
  const app = await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(port), CLICKHOUSE_EMBEDDED_DATA_DIR: dir, LOG_LEVEL: 'warn' } })
  const clickhouse = createClickHouse({ url: `http://127.0.0.1:${port}`, database: 'bench', requestTimeoutMs: 240_000 })
  const cpu = (): number => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 + cpuTicks(app.process.pid!) / TICKS_PER_SECOND
  try {
    await migrate({ client: clickhouse })
    // What other readers need of spans is not what is measured.
    for (const { name } of materializedViews) await clickhouse.command({ query: `DROP VIEW ${name}` })
    await clickhouse.command({ query: 'CREATE TABLE bench_series (id String) ENGINE = MergeTree ORDER BY id' })
    const sizes: Sizes = { services: 100, operations: quick ? 10 : 50, historyDays: 30 }
    const objectives = objectivesOf(sizes)
    const subject = `${objectives.length.toLocaleString('en')} objectives`
    const say = (name: string, value: number, other: number, against: string): void => report({ case: name, subject, value: Number((value * 1000).toFixed(1)), unit: 'ms CPU', ratio: value / other, against })
    const healthy = await ticks(clickhouse, objectives, sizes, { sick: false, historyDays: sizes.historyDays, cpu })
    if (healthy.holding !== 0) throw new Error(`${healthy.holding} objectives burn while all is well`)
    say('tick, healthy', healthy.tick, CPU_LIMIT_SECONDS, 'limit')
    say('tick in which a minute is over', healthy.minute, CPU_LIMIT_SECONDS, 'limit')
    say('of the engine alone: tick, healthy', healthy.own, healthy.tick, 'with ClickHouse')
    const sick = await ticks(clickhouse, objectives, sizes, { sick: true, historyDays: sizes.historyDays, cpu })
    if (sick.holding !== objectives.length) throw new Error(`${sick.holding} of ${objectives.length} objectives burn in a total outage`)
    say('tick, total outage', sick.tick, healthy.tick, 'healthy')
    say('the same when a minute is over', sick.minute, healthy.minute, 'healthy')
    const windowMs = await windowAnswer(clickhouse, objectives[0]!)
    report({ case: '30 days of one objective', subject: 'roll-up', value: Number(windowMs.toFixed(1)), unit: 'ms', ratio: windowMs / WINDOW_LIMIT_MS, against: 'limit' })
    const short = await ticks(clickhouse, objectives, sizes, { sick: false, historyDays: SHORT_HISTORY_DAYS, cpu })
    say(`a minute is over, ${sizes.historyDays} days of history`, healthy.minute, short.minute, `${SHORT_HISTORY_DAYS} days`)
  } finally {
    await clickhouse.close()
    await app.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

function objectivesOf({ services, operations }: Sizes): Objective[] {
  const catalog = readTierCatalog(fileURLToPath(new URL('../../../infra/slo/tiers/30d.json', import.meta.url)))
  const target = parseDecimal('0.999')!
  const budget = complement(target)
  const period = { text: '30d', ms: 30 * DAY_MS }
  const { tiers } = tiersFor(catalog, { budget, period })
  return Array.from({ length: services * operations * 2 }, (_, index): Objective => {
    const service = `service-${index % services}`
    const operation = `operation-${Math.floor(index / services) % operations}`
    const latency = index >= services * operations
    const name = `${service}-${operation}-${latency ? 'latency' : 'availability'}`
    const indicator = { template: 'spans', total: { service, operation, kind: 'Server', conditions: {} }, counts: 'good', conditions: latency ? { maxDurationNs: 300_000_000 } : { statusNot: 'Error' } } as const
    return { name, slo: name, service, displayName: undefined, target, budget, period, indicator, budgeting: occurrences, noTraffic: 'ignore', gates: openGates, tiers, corrections: [], revisions: [], runbookUrl: undefined }
  })
}

/** CPU seconds of a tick: the median of several within a minute, and the median of those at which a minute is over. */
async function ticks(clickhouse: ClickHouse, objectives: readonly Objective[], sizes: Sizes, how: { readonly sick: boolean; readonly historyDays: number; readonly cpu: () => number }): Promise<{ tick: number; minute: number; own: number; holding: number }> {
  const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 5 * MINUTE_MS
  await fill(clickhouse, objectives, sizes, nowMs, how)
  const rollUp = new RollUpStore(clickhouse, { bucketMs: MINUTE_MS, timeoutMs: 120_000 })
  const measurement = new Measurement({ store: new SpanStore({ clickhouse, timeoutMs: 120_000 }), rollUp, bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 5 * MINUTE_MS, rescanMs: 3_600_000, scanTimeoutMs: 120_000 })
  const signal = AbortSignal.timeout(240_000)
  let evaluations: readonly Evaluation[] = []
  const tick = async (atMs: number): Promise<{ all: number; own: number }> => {
    const [before, ownBefore] = [how.cpu(), process.cpuUsage()]
    await measurement.refresh(objectives, atMs, signal)
    evaluations = objectives.flatMap((objective) => {
      const reading = readingOf(objective, measurement, atMs)
      return reading === undefined ? [] : [evaluate(objective, reading)]
    })
    const own = process.cpuUsage(ownBefore)
    return { all: how.cpu() - before, own: (own.user + own.system) / 1e6 }
  }
  await tick(nowMs)
  if (evaluations.length !== objectives.length) throw new Error(`${evaluations.length} of ${objectives.length} objectives are measured`)
  const within: { all: number; own: number }[] = []
  const over: { all: number; own: number }[] = []
  for (let minute = 1; minute <= 6; minute++) {
    over.push(await tick(nowMs + minute * MINUTE_MS))
    for (const seconds of [15, 30, 45]) within.push(await tick(nowMs + minute * MINUTE_MS - MINUTE_MS + seconds * 1000 + MINUTE_MS))
  }
  for (const { objective, period } of evaluations.slice(0, 50)) {
    if (period.total < SPANS_PER_MINUTE * 60) throw new Error(`${objective.name} has ${period.total} events`)
  }
  return { tick: median(within.map(({ all }) => all)), minute: median(over.map(({ all }) => all)), own: median(within.map(({ own }) => own)), holding: evaluations.filter(({ holding }) => holding.size > 0).length }
}

/** Spans of the last hours, and a roll-up of the days before: made by ClickHouse itself, which is not what is measured. */
async function fill(clickhouse: ClickHouse, objectives: readonly Objective[], { services, operations }: Sizes, nowMs: number, { sick, historyDays }: { readonly sick: boolean; readonly historyDays: number }): Promise<void> {
  for (const table of [tableNames.traces, tableNames.sloMinute, tableNames.sloHour, tableNames.sloSeries]) await clickhouse.command({ query: `TRUNCATE TABLE ${table}`, timeoutMs: 60_000 })
  const ids = objectives.map((objective) => needOf(objective, MINUTE_MS, 0).series.id)
  const recentMs = 130 * MINUTE_MS
  const minutes = recentMs / MINUTE_MS + 10
  await clickhouse.command({
    query: `INSERT INTO ${tableNames.traces} (Timestamp, ServiceName, SpanName, SpanKind, StatusCode, Duration) SELECT fromUnixTimestamp64Milli(toInt64(${nowMs - recentMs}) + intDiv(number, ${services * operations * SPANS_PER_MINUTE}) * 60000 + (number % 60) * 1000), concat('service-', toString(number % ${services})), concat('operation-', toString(intDiv(number, ${services}) % ${operations})), 'Server', '${sick ? 'Error' : 'Ok'}', ${sick ? 900_000_000 : 1_000_000} FROM numbers(${services * operations * SPANS_PER_MINUTE * minutes})`,
    settings: { max_insert_threads: 1, materialize_skip_indexes_on_insert: 0 },
    timeoutMs: 200_000,
  })
  await clickhouse.command({ query: 'TRUNCATE TABLE bench_series' })
  await clickhouse.insertBlock({ table: 'bench_series', format: 'JSONEachRow', body: Buffer.from(ids.map((id) => JSON.stringify({ id })).join('\n')), deduplicationToken: String(performance.now()) })
  const from = Math.floor((nowMs - historyDays * DAY_MS) / 3_600_000) * 3600
  const to = Math.floor((nowMs - recentMs) / 3_600_000) * 3600
  const [good, total] = [sick ? 0 : SPANS_PER_MINUTE, SPANS_PER_MINUTE]
  const insert = (table: string, start: number, step: number, count: number, more: string): Promise<void> =>
    clickhouse.command({
      query: `INSERT INTO ${table} SELECT id, toDateTime(${start} + number * ${step}), ${[good, total, total, total - good].map((value) => (value * step) / 60).join(', ')}, ${more} FROM bench_series CROSS JOIN numbers(${count}) AS times`,
      timeoutMs: 200_000,
    })
  await insert(tableNames.sloHour, from, 3600, (to - from) / 3600, '1')
  // Minutes where windows begin and end.
  const edges = [[from, 90], [to, 200], ...[2, 6, 24, 72].map((hours) => [Math.floor(nowMs / 3_600_000) * 3600 - hours * 3600 - 3600, 130])] as const
  for (const [start, count] of edges) await insert(tableNames.sloMinute, start!, 60, count!, '1, 1')
  await clickhouse.command({ query: `INSERT INTO ${tableNames.sloSeries} SELECT id, '', toDateTime(${from}), toDateTime(${Math.floor(nowMs / 1000) - 300}), 1 FROM bench_series`, timeoutMs: 60_000 })
}

/** Time of the query behind a window of thirty days, median of many. */
async function windowAnswer(clickhouse: ClickHouse, objective: Objective): Promise<number> {
  const rollUp = new RollUpStore(clickhouse, { bucketMs: MINUTE_MS, timeoutMs: 20_000 })
  const { series } = needOf(objective, MINUTE_MS, 0)
  const to = Math.floor(Date.now() / MINUTE_MS) - 60
  const times: number[] = []
  for (let round = 0; round < 15; round++) {
    const startedAt = performance.now()
    const sums = await rollUp.sums([series.id], [{ from: to - 30 * 1440 + round, to }], AbortSignal.timeout(20_000))
    times.push(performance.now() - startedAt)
    if ((sums.get(series.id)?.[0]?.total ?? 0) < 29 * 1440 * SPANS_PER_MINUTE) throw new Error(`the window holds ${sums.get(series.id)?.[0]?.total} events`)
  }
  return median(times)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** CPU time of a process, user and system. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program is in parentheses and may hold spaces; `utime` is the 12th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
