import { RollUpStore } from '../clickhouse/roll-up-store.ts'
import { SpanStore } from '../clickhouse/span-store.ts'
import { SloError } from '../errors.ts'
import type { BucketCounts, BucketRange } from '../measure/event-store.ts'
import { MeasuredSeries } from '../measure/measured-series.ts'
import { measureStretch } from '../measure/past.ts'
import type { ScanContext } from '../measure/scan-plan.ts'
import { needOf } from '../objective/objective-needs.ts'
import type { Objective } from '../objective/objective.ts'
import type { CommandContext } from './command.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** What is kept of an objective. */
export interface MeasuredHistory {
  readonly buckets: readonly BucketCounts[]
  readonly range: BucketRange
  /** What of it is measured. */
  readonly measured: BucketRange | undefined
}

/** The roll-up of the engine. */
export function rollUpOf({ clickhouse, catalog, config }: CommandContext): RollUpStore {
  return new RollUpStore(clickhouse, { bucketMs: catalog.bucket.ms, timeoutMs: config.queryTimeoutMs })
}

/** Reads the buckets of the last `days` days of an objective, a day at a time. */
export async function historyOf(context: CommandContext, objective: Objective, days = context.options.days): Promise<MeasuredHistory> {
  const bucketMs = context.catalog.bucket.ms
  const store = rollUpOf(context)
  const { id } = needOf(objective, bucketMs, context.now()).series
  const to = Math.floor(context.now() / bucketMs)
  const range = { from: to - Math.ceil((days * DAY_MS) / bucketMs), to }
  const buckets: BucketCounts[] = []
  for (let from = range.from; from < range.to; from += DAY_MS / bucketMs) {
    buckets.push(...((await store.read([id], { from, to: Math.min(range.to, from + DAY_MS / bucketMs) }, context.signal)).get(id) ?? []))
  }
  return { buckets, range, measured: (await store.marks([id], context.signal)).get(id) }
}

/** Measures the past of objectives again, a day at a time, the newest first. Gives the rows that were read. */
export async function measureAgain(context: CommandContext, objectives: readonly Objective[], onDay: (day: number, days: number, rowsRead: number) => void): Promise<number> {
  const { catalog, clickhouse, config, options, signal } = context
  const bucketMs = catalog.bucket.ms
  const hour = HOUR_MS / bucketMs
  // What is not final is the engine's: it is counting it now.
  const to = Math.floor((context.now() - config.ingestLagMs - config.finalAfterMs) / HOUR_MS) * hour
  const needs = new Map(objectives.map((objective) => [needOf(objective, bucketMs, context.now()).series.id, needOf(objective, bucketMs, context.now()).series]))
  const series = [...needs.values()].map((each) => new MeasuredSeries(each, 1, to, undefined))
  const scan: ScanContext = { store: new SpanStore({ clickhouse, timeoutMs: config.queryTimeoutMs }), bucketMs, watermarkMs: to * bucketMs, scanTimeoutMs: config.queryTimeoutMs, signal }
  let rowsRead = 0
  for (let day = 0; day < options.days; day++) {
    const range = { from: to - (day + 1) * 24 * hour, to: to - day * 24 * hour }
    const measured = await measureStretch(scan, rollUpOf(context), series, range, to)
    if (measured.failures.length > 0) throw new SloError('NOT_MEASURED', measured.failures.join('; '))
    rowsRead += measured.rowsRead
    onDay(day + 1, options.days, rowsRead)
  }
  const store = rollUpOf(context)
  const marks = await store.marks([...needs.keys()], signal)
  const begin = to - options.days * 24 * hour
  // A series that the engine measures keeps its end; what joins it is one stretch now.
  const joined = [...needs].map(([id, { definition }]) => {
    const known = marks.get(id)
    return { series: id, definition, measured: known !== undefined && known.from <= to ? { from: Math.min(known.from, begin), to: Math.max(known.to, to) } : { from: begin, to } }
  })
  await store.saveMarks(joined, signal)
  return rowsRead
}
