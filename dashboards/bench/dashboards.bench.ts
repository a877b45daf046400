import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type ClickHouse, createClickHouse, migrate, tableNames } from '@ballast/clickhouse'
import { startApp } from '../../scripts/stack/app-process.ts'
import { freePort } from '../../scripts/stack/free-port.ts'
import { type BoardJson, boardsOnDisk, queryPanels } from '../test/board-json.ts'
import { expand, type View } from '../test/expand.ts'
import { COVERED_S, insertMetrics, insertSpans, metricNames, type Stretch } from './generated-telemetry.ts'
import type { BenchRow } from '../../scripts/bench-row.ts'

const SPANS = 50_000_000
/** Raw spans are read of the last six hours only: there the quick run has as many as the full one. Before, it has one in 250. */
const DENSE_S = 6 * 3_600
const DENSE_SPANS = Math.round((SPANS * DENSE_S) / COVERED_S)
const FULL: readonly Stretch[] = [{ spans: SPANS, fromAgoS: COVERED_S, toAgoS: 0 }]
const QUICK: readonly Stretch[] = [{ spans: (SPANS - DENSE_SPANS) / 250, fromAgoS: COVERED_S, toAgoS: DENSE_S }, { spans: DENSE_SPANS, fromAgoS: DENSE_S, toAgoS: 0 }].map((each) => ({ ...each, spans: Math.round(each.spans) }))
/** Rows of one insert. Large blocks need less merging, so that the spans are there sooner; and more memory than the embedded ClickHouse gives. */
const ROWS_PER_INSERT = 500_000
const MEMORY = { CLICKHOUSE_EMBEDDED_MAX_MEMORY: '2GiB', CLICKHOUSE_EMBEDDED_MAX_SERVER_MEMORY: '4GiB' }
/** What the cost of an insert is measured with. */
const COST: Stretch = { spans: 1_000_000, fromAgoS: 3 * 3_600, toAgoS: 0 }
const QUICK_COST: Stretch = { ...COST, spans: 200_000 }
const COST_ROWS_PER_INSERT = 100_000
/** Longest wait for merges before panels are measured. Milliseconds. */
const MERGED_WITHIN_MS = 120_000
/** Longest that a panel may take. Milliseconds. */
const LIMIT_MS = 300
const ROUNDS = 3
/** Tables that the embedded ClickHouse does not have. */
const SERVER_ONLY = /system\.(query_log|part_log|asynchronous_metric_log)/
const RANGES_S: Readonly<Record<string, number>> = { 'now-1h': 3_600, 'now-7d': COVERED_S }

/** `npm run bench -- dashboards` */
export const bench = {
  name: 'dashboards',
  summary: `every panel of every dashboard over ${SPANS / 1e6} million spans of seven days, against ${LIMIT_MS} ms; roll-ups against the spans themselves`,
  async run({ quick, report }: { quick: boolean; report: (row: BenchRow) => void }): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'ballast-bench-dashboards-'))
    const port = await freePort()
    const server = await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(port), CLICKHOUSE_EMBEDDED_DATA_DIR: dir, LOG_LEVEL: 'error', ...MEMORY } })
    const client = createClickHouse({ url: `http://127.0.0.1:${port}`, requestTimeoutMs: 120_000 })
    try {
      await migrate({ client })
      await measure(client, quick, report, () => cpuMs(server.process.pid!))
    } finally {
      await client.close()
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    }
  },
}

async function measure(client: ClickHouse, quick: boolean, report: (row: BenchRow) => void, cpu: () => number): Promise<void> {
  await reportInsertCost(client, quick ? QUICK_COST : COST, report, cpu)
  const stretches = quick ? QUICK : FULL
  const spans = stretches.reduce((sum, each) => sum + each.spans, 0)
  for (const stretch of stretches) {
    await insertSpans(client, stretch, { rowsPerInsert: ROWS_PER_INSERT, onProgress: progress(`${(stretch.spans / 1e6).toFixed(1)} million spans`) })
  }
  const panels = boardsOnDisk.flatMap((board) => queryPanels(board).map((panel) => ({ board, panel, sql: panel.targets![0]!.rawSql })))
  await insertMetrics(client, metricNames(panels.map(({ sql }) => sql)), quick ? 1_800 : 60, progress('the metrics'))
  const [sums] = await client.query<{ minutes: string; hours: string }>({ query: `SELECT (SELECT sum(Spans) FROM ${tableNames.redMinute}) AS minutes, (SELECT sum(Spans) FROM ${tableNames.redHour}) AS hours` })
  if (Number(sums?.minutes) !== spans || Number(sums?.hours) !== spans) throw new Error(`the roll-ups hold ${sums?.minutes} and ${sums?.hours} spans, not ${spans}`)

  await merged(client)
  for (const { board, panel, sql } of panels) {
    if (SERVER_ONLY.test(sql)) continue
    const ranges = [...new Set([RANGES_S[board.time.from]!, COVERED_S])]
    for (const rangeS of ranges) {
      const { ms, cpuMs: work } = await fastest(client, expand(sql, viewOf(board, rangeS)), cpu)
      report({ case: `${board.uid}, ${rangeS / 3_600} h`, subject: panel.title!, value: ms, unit: 'ms', ratio: ms / LIMIT_MS, against: `${LIMIT_MS} ms` })
      report({ case: `${board.uid}, ${rangeS / 3_600} h`, subject: `${panel.title!}, processor time`, value: work, unit: 'ms', ratio: work / LIMIT_MS, against: `${LIMIT_MS} ms` })
    }
  }

  const view = viewOf(boardsOnDisk[0]!, COVERED_S)
  const { ms: byHour } = await fastest(client, expand(`SELECT toStartOfHour(Time) AS time, sum(Spans) AS n FROM ${tableNames.redHour} WHERE $__timeFilter(Time) GROUP BY time`, view), cpu)
  const { ms: raw } = await fastest(client, expand(`SELECT toStartOfHour(Timestamp) AS time, sum(SampleRate) AS n FROM ${tableNames.traces} WHERE $__timeFilter(Timestamp) GROUP BY time`, view), cpu)
  report({ case: 'request rate, 168 h', subject: 'roll-up', value: byHour, unit: 'ms', ratio: byHour / raw, against: 'the spans' })
  report({ case: 'request rate, 168 h', subject: 'the spans', value: raw, unit: 'ms' })
}

function progress(of: string): (share: number) => void {
  return (share) => process.stderr.write(`\r  ${Math.round(share * 100)} % of ${of}${share < 1 ? '' : '\n'}`)
}

/** Waits until the server has merged what came at once here, and what would come over days: it takes the processors that queries are measured on. */
async function merged(client: ClickHouse): Promise<void> {
  const deadline = Date.now() + MERGED_WITHIN_MS
  while ((await client.query({ query: 'SELECT 1 FROM system.merges LIMIT 1' })).length > 0 && Date.now() < deadline) await setTimeout(500)
}

/** Processor time of a span's insert with all views, and into a table that nothing reads from, in a database of their own. */
async function reportInsertCost(client: ClickHouse, stretch: Stretch, report: (row: BenchRow) => void, cpu: () => number): Promise<void> {
  const scratch = client.withDatabase('insert_cost')
  await migrate({ client: scratch })
  await scratch.command({ query: `CREATE TABLE spans_alone AS ${tableNames.traces}` })
  const cost = async (table: string): Promise<number> => {
    const before = cpu()
    await insertSpans(scratch, stretch, { table, rowsPerInsert: COST_ROWS_PER_INSERT })
    return (1000 * (cpu() - before)) / stretch.spans
  }
  const alone = await cost('spans_alone')
  const withViews = await cost(tableNames.traces)
  report({ case: 'insert', subject: 'spans with all views, processor time', value: withViews, unit: 'us a row', ratio: withViews / alone, against: 'without views' })
  report({ case: 'insert', subject: 'spans without views, processor time', value: alone, unit: 'us a row' })
  await scratch.command({ query: 'DROP DATABASE insert_cost SYNC' })
  await scratch.close()
}

function viewOf(board: BoardJson, rangeS: number): View {
  const toS = Math.ceil(Date.now() / 1000)
  const all = Object.fromEntries(board.templating.list.map(({ name }) => [name, name === 'slo' ? ['objective-1'] : ['$__all']]))
  return { fromS: toS - rangeS, toS, intervalS: Math.max(60, Math.round(rangeS / 1000)), variables: all }
}

/** The fastest of a few runs, and the least processor time: what the query costs without what else the machine does. Milliseconds. */
async function fastest(client: ClickHouse, query: string, cpu: () => number): Promise<{ ms: number; cpuMs: number }> {
  let best = { ms: Infinity, cpuMs: Infinity }
  for (let round = 0; round < ROUNDS; round++) {
    const [start, before] = [performance.now(), cpu()]
    await client.query({ query })
    best = { ms: Math.min(best.ms, performance.now() - start), cpuMs: Math.min(best.cpuMs, cpu() - before) }
  }
  return best
}

/** Time that the threads of a process have run, milliseconds: the same on a busy machine as on a quiet one. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]), 0) / 1e6
}
