import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Spans of each operation in a minute. */
const SPANS_PER_MINUTE = 2
const HISTORY_DAYS = 30
/** As long as the longest window of the tiers, and a day. */
const SHORT_HISTORY_DAYS = 4
/** Ticks of a minute, seconds after it began: the first moves every window on, the last writes the minute down. */
const TICKS = [15, 30, 45, 60]
const WARM_UP_TICKS = [15, 60]
/** Merges of what was filled in are to be over before ticks are measured. */
const SETTLE_MS = 60_000
/** How far spans go back: as far as what is kept by the bucket, and a little. */
const RECENT_MS = 130 * MINUTE_MS
/** Longest that the ticks of all worlds may take together, on a slow machine. Milliseconds. */
const WHOLE_RUN_MS = 1_200_000
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
}

/** Events and a roll-up of their own, and an engine's measurement of them. */
interface World {
  readonly measurement: Measurement
  /** CPU seconds of each minute's ticks, after the first minute. */
  readonly minutes: { readonly all: readonly number[]; readonly own: number }[]
  evaluations: readonly Evaluation[]
}

/** `npm run bench -- slo`. */
export const bench = {
  name: 'slo',
  summary: 'ticks of 10,000 objectives over 100 services (--quick: 1,000 over 100), sick beside healthy, and with a month of history beside four days',
  run,
}

async function run({ quick, report }: Context): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-bench-slo-'))
  const port = await freePort()
  const app = await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(port), CLICKHOUSE_EMBEDDED_DATA_DIR: dir, LOG_LEVEL: 'warn' } })
  const server = createClickHouse({ url: `http://127.0.0.1:${port}`, requestTimeoutMs: 240_000 })
  const [healthy, sick, young] = ['healthy', 'sick', 'young'].map((name) => server.withDatabase(name)) as [ClickHouse, ClickHouse, ClickHouse]
  const cpu = (): number => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 + cpuTicks(app.process.pid!) / TICKS_PER_SECOND
  try {
    const sizes: Sizes = { services: 100, operations: quick ? 5 : 50 }
    const objectives = objectivesOf(sizes)
    const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 10 * MINUTE_MS
    for (const database of [healthy, sick, young]) await prepare(database)
    for (const [database, isSick] of [[healthy, false], [sick, true]] as const) {
      await fillSpans(database, sizes, nowMs, isSick)
      await fillRollUp(database, objectives, nowMs, { isSick, historyDays: HISTORY_DAYS })
    }
    await fillRollUp(young, objectives, nowMs, { isSick: false, historyDays: SHORT_HISTORY_DAYS })
    await settle(healthy)
    // The young world has the events of the healthy one: only its history is shorter.
    const worlds = { healthy: worldOf(healthy, healthy), sick: worldOf(sick, sick), young: worldOf(healthy, young) }
    await measureMinutes(Object.values(worlds), objectives, { nowMs, minutes: quick ? 3 : 4, cpu, settled: () => settle(healthy) })
    check(worlds, objectives.length, nowMs)
    const subject = `${objectives.length.toLocaleString('en')} objectives`
    const say = (name: string, value: number, other: number, against: string): void => report({ case: name, subject, value: Number((value * 1000).toFixed(1)), unit: 'ms CPU', ratio: value / other, against })
    const [mean, heaviest] = [mapped(worlds, meanTick), mapped(worlds, heaviestTick)]
    say('tick, mean of a minute', mean.healthy, CPU_LIMIT_SECONDS, 'limit')
    say('heaviest tick of a minute', heaviest.healthy, CPU_LIMIT_SECONDS, 'limit')
    say('of the engine alone: tick', median(worlds.healthy.minutes.map(({ own }) => own)), mean.healthy, 'with ClickHouse')
    say('tick, total outage', mean.sick, mean.healthy, 'healthy')
    say('heaviest tick, total outage', heaviest.sick, heaviest.healthy, 'healthy')
    say(`tick, ${HISTORY_DAYS} days of history`, mean.healthy, mean.young, `${SHORT_HISTORY_DAYS} days`)
    const { windowMs, nothingMs } = await windowAnswer(healthy, objectives[0]!, nowMs)
    report({ case: `${HISTORY_DAYS} days of one objective`, subject: 'roll-up', value: Number(windowMs.toFixed(1)), unit: 'ms', ratio: windowMs / WINDOW_LIMIT_MS, against: 'limit' })
    report({ case: 'of this a query that reads nothing', subject: 'roll-up', value: Number(nothingMs.toFixed(1)), unit: 'ms', ratio: nothingMs / windowMs, against: '30 days' })
  } finally {
    for (const database of [healthy, sick, young, server]) await database.close()
    await app.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function prepare(clickhouse: ClickHouse): Promise<void> {
  await migrate({ client: clickhouse })
  // What other readers need of spans is not what is measured.
  for (const { name } of materializedViews) await clickhouse.command({ query: `DROP VIEW ${name}` })
}

function worldOf(events: ClickHouse, kept: ClickHouse): World {
  const store = new SpanStore({ clickhouse: events, timeoutMs: 120_000 })
  const rollUp = new RollUpStore(kept, { bucketMs: MINUTE_MS, timeoutMs: 120_000 })
  return { measurement: new Measurement({ store, rollUp, bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 5 * MINUTE_MS, rescanMs: HOUR_MS, scanTimeoutMs: 120_000 }), minutes: [], evaluations: [] }
}

/**
 * Ticks all worlds minute by minute, one after the other and in turns, so that what disturbs one disturbs all. The first minute warms up.
 * A tick has the cost of the merges that follow it, and none of those of another world.
 */
async function measureMinutes(worlds: readonly World[], objectives: readonly Objective[], { nowMs, minutes, cpu, settled }: { readonly nowMs: number; readonly minutes: number; readonly cpu: () => number; readonly settled: () => Promise<void> }): Promise<void> {
  const signal = AbortSignal.timeout(WHOLE_RUN_MS)
  const tick = async (world: World, atMs: number): Promise<{ all: number; own: number }> => {
    const [before, ownBefore] = [cpu(), process.cpuUsage()]
    await world.measurement.refresh(objectives, atMs, signal)
    world.evaluations = objectives.flatMap((objective) => {
      const reading = readingOf(objective, world.measurement, atMs)
      return reading === undefined ? [] : [evaluate(objective, reading)]
    })
    const own = process.cpuUsage(ownBefore)
    await settled()
    return { all: cpu() - before, own: (own.user + own.system) / 1e6 }
  }
  for (const world of worlds) await tick(world, nowMs)
  for (let minute = 0; minute <= minutes; minute++) {
    const spent = new Map(worlds.map((world) => [world, [] as { all: number; own: number }[]]))
    for (const [place, seconds] of (minute === 0 ? WARM_UP_TICKS : TICKS).entries()) {
      for (const world of (minute + place) % 2 === 0 ? worlds : worlds.toReversed()) spent.get(world)!.push(await tick(world, nowMs + minute * MINUTE_MS + seconds * 1000))
    }
    if (minute === 0) continue
    for (const [world, costs] of spent) world.minutes.push({ all: costs.map(({ all }) => all), own: costs.reduce((sum, { own }) => sum + own, 0) / costs.length })
  }
}

/** That what was measured is right. @throws when it is not */
function check(worlds: Readonly<Record<'healthy' | 'sick' | 'young', World>>, objectives: number, nowMs: number): void {
  for (const [name, { evaluations }] of Object.entries(worlds)) {
    const burning = evaluations.filter(({ holding }) => holding.size > 0).length
    if (evaluations.length !== objectives || burning !== (name === 'sick' ? objectives : 0)) throw new Error(`${name}: ${evaluations.length} of ${objectives} objectives are measured, ${burning} burn`)
    // A history begins with an hour.
    const expected = (name === 'young' ? SHORT_HISTORY_DAYS * 1440 + (nowMs % HOUR_MS) / MINUTE_MS : HISTORY_DAYS * 1440) * SPANS_PER_MINUTE
    for (const { objective, period } of evaluations) if (Math.abs(period.total / expected - 1) > 0.01) throw new Error(`${name}: ${objective.name} has ${period.total} events of ${expected}`)
  }
}

const meanTick = ({ minutes }: World): number => median(minutes.map(({ all }) => all.reduce((sum, each) => sum + each, 0) / all.length))
const heaviestTick = ({ minutes }: World): number => median(minutes.map(({ all }) => Math.max(...all)))

function mapped<K extends string>(worlds: Readonly<Record<K, World>>, of: (world: World) => number): Record<K, number> {
  return Object.fromEntries(Object.entries<World>(worlds).map(([name, world]) => [name, of(world)])) as Record<K, number>
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

/** Spans of the last hours and of the minutes to come, and of those that are a day old, made by ClickHouse itself, which is not what is measured. */
async function fillSpans(clickhouse: ClickHouse, sizes: Sizes, nowMs: number, isSick: boolean): Promise<void> {
  await fillMinutes(clickhouse, sizes, { fromMs: nowMs - RECENT_MS, minutes: RECENT_MS / MINUTE_MS + 10 }, isSick)
  // Those of a day ago are counted once more.
  await fillMinutes(clickhouse, sizes, { fromMs: nowMs - DAY_MS - 10 * MINUTE_MS, minutes: 20 }, isSick)
}

async function fillMinutes(clickhouse: ClickHouse, { services, operations }: Sizes, { fromMs, minutes }: { readonly fromMs: number; readonly minutes: number }, isSick: boolean): Promise<void> {
  const perMinute = services * operations * SPANS_PER_MINUTE
  await clickhouse.command({
    query: `INSERT INTO ${tableNames.traces} (Timestamp, ServiceName, SpanName, SpanKind, StatusCode, Duration) SELECT fromUnixTimestamp64Milli(toInt64(${fromMs}) + intDiv(number, ${perMinute}) * 60000 + (number % 60) * 1000), concat('service-', toString(number % ${services})), concat('operation-', toString(intDiv(number, ${services}) % ${operations})), 'Server', '${isSick ? 'Error' : 'Ok'}', ${isSick ? 900_000_000 : 1_000_000} FROM numbers(${perMinute * minutes})`,
    settings: { max_insert_threads: 1, materialize_skip_indexes_on_insert: 0 },
    timeoutMs: 200_000,
  })
}

/** A roll-up of the days before, as an engine would have left it. */
async function fillRollUp(clickhouse: ClickHouse, objectives: readonly Objective[], nowMs: number, { isSick, historyDays }: { readonly isSick: boolean; readonly historyDays: number }): Promise<void> {
  const ids = objectives.map((objective) => needOf(objective, MINUTE_MS, 0).series.id)
  await clickhouse.command({ query: 'CREATE TABLE bench_series (id String) ENGINE = MergeTree ORDER BY id' })
  await clickhouse.insertBlock({ table: 'bench_series', format: 'JSONEachRow', body: Buffer.from(ids.map((id) => JSON.stringify({ id })).join('\n')), deduplicationToken: clickhouse.database })
  const hour = (ms: number): number => Math.floor(ms / HOUR_MS) * 3600
  const [from, to] = [hour(nowMs - historyDays * DAY_MS), hour(nowMs - RECENT_MS)]
  const good = isSick ? 0 : SPANS_PER_MINUTE
  const counts = [good, SPANS_PER_MINUTE, SPANS_PER_MINUTE, SPANS_PER_MINUTE - good]
  const insert = (table: string, start: number, step: number, count: number, more: string): Promise<void> =>
    clickhouse.command({ query: `INSERT INTO ${table} SELECT id, toDateTime(${start} + number * ${step}), ${counts.map((value) => (value * step) / 60).join(', ')}, ${more} FROM bench_series CROSS JOIN numbers(${count}) AS times`, timeoutMs: 200_000 })
  await insert(tableNames.sloHour, from, 3600, (to - from) / 3600, '1')
  // Minutes where windows begin and end.
  const edges = [[from, 120], [to, 200], ...[6, 24, 72].map((hours) => [hour(nowMs) - hours * 3600 - 3600, 130])] as const
  for (const [start, count] of edges) await insert(tableNames.sloMinute, start!, 60, count!, '1, 1')
  // A service that is younger than its period is measured all the same: there was nothing before.
  await clickhouse.command({ query: `INSERT INTO ${tableNames.sloSeries} SELECT id, '', toDateTime(${hour(nowMs - HISTORY_DAYS * DAY_MS)}), toDateTime(${Math.floor(nowMs / 1000) - 300}), 1 FROM bench_series`, timeoutMs: 60_000 })
}

/** Waits until ClickHouse has merged what was filled in. */
async function settle(clickhouse: ClickHouse): Promise<void> {
  for (const deadline = performance.now() + SETTLE_MS; performance.now() < deadline; ) {
    const [row] = await clickhouse.query<{ merges: string }>({ query: 'SELECT count() AS merges FROM system.merges' })
    if (Number(row!.merges) === 0) return
    await sleep(200)
  }
}

/** Time of the query behind a window of thirty days, and of one that reads nothing: medians of many, in turns. */
async function windowAnswer(clickhouse: ClickHouse, objective: Objective, nowMs: number): Promise<{ readonly windowMs: number; readonly nothingMs: number }> {
  const rollUp = new RollUpStore(clickhouse, { bucketMs: MINUTE_MS, timeoutMs: 20_000 })
  const { series } = needOf(objective, MINUTE_MS, 0)
  const to = Math.floor(nowMs / MINUTE_MS) - 60
  const [times, nothing]: [number[], number[]] = [[], []]
  for (let round = 0; round < 15; round++) {
    const idleAt = performance.now()
    await clickhouse.query({ query: 'SELECT 1' })
    nothing.push(performance.now() - idleAt)
    const startedAt = performance.now()
    const sums = await rollUp.sums([series.id], [{ from: to - HISTORY_DAYS * 1440 + 60 + round, to }], AbortSignal.timeout(20_000))
    times.push(performance.now() - startedAt)
    if ((sums.get(series.id)?.[0]?.total ?? 0) < (HISTORY_DAYS - 1) * 1440 * SPANS_PER_MINUTE) throw new Error(`the window holds ${sums.get(series.id)?.[0]?.total} events`)
  }
  return { windowMs: median(times), nothingMs: median(nothing) }
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
