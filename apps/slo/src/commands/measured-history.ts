import { RollUpStore } from '../clickhouse/roll-up-store.ts'
import { SpanStore } from '../clickhouse/span-store.ts'
import { SloError } from '../errors.ts'
import type { BucketCounts, BucketRange } from '../measure/event-store.ts'
import { MeasuredSeries } from '../measure/measured-series.ts'
import { measureStretch } from '../measure/past.ts'
import type { ScanContext } from '../measure/scan-plan.ts'
import { plus, sumsOf } from '../measure/sums.ts'
import { exclusionsOf, needOf, needsOf } from '../objective/objective-needs.ts'
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

/** Reads the buckets of the last `days` days of an objective, a day at a time, without what corrections leave out. */
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
  const corrected = await withoutCorrections(context, objective, buckets, range)
  return { buckets: corrected, range, measured: (await store.marks([id], context.signal)).get(id) }
}

/** Takes off what corrections leave out: whole buckets, or of a bucket the rows that they describe, as far as those are measured. */
async function withoutCorrections(context: CommandContext, objective: Objective, buckets: readonly BucketCounts[], range: BucketRange): Promise<readonly BucketCounts[]> {
  const bucketMs = context.catalog.bucket.ms
  const own = needOf(objective, bucketMs, context.now()).series.id
  const left = new Map(buckets.map((each) => [each.bucket, each]))
  for (const { series, from, to } of exclusionsOf(objective, bucketMs, { fromMs: range.from * bucketMs, toMs: range.to * bucketMs })) {
    if (series.id === own) {
      for (let bucket = from; bucket < to; bucket++) left.delete(bucket)
      continue
    }
    for (const rows of (await rollUpOf(context).read([series.id], { from, to }, context.signal)).get(series.id) ?? []) {
      const whole = left.get(rows.bucket)
      if (whole === undefined) continue
      const { good, total, rows: counted, badRows } = plus(sumsOf(whole), sumsOf(rows), -1)
      if (total > 0) left.set(rows.bucket, { bucket: rows.bucket, good: Math.max(0, good), total: Math.max(0, good, total), rows: Math.max(0, counted), badRows: Math.max(0, badRows) })
      else left.delete(rows.bucket)
    }
  }
  return [...left.values()]
}

/** Measures the past of objectives again, a day at a time, the newest first. Gives the rows that were read. */
export async function measureAgain(context: CommandContext, objectives: readonly Objective[], onDay: (day: number, days: number, rowsRead: number) => void): Promise<number> {
  const { catalog, clickhouse, config, options, signal } = context
  const bucketMs = catalog.bucket.ms
  const hour = HOUR_MS / bucketMs
  // What is not final is the engine's: it is counting it now.
  const to = Math.floor((context.now() - config.ingestLagMs - config.finalAfterMs) / HOUR_MS) * hour
  const needs = new Map(needsOf(objectives, bucketMs, context.now()).map(({ series }) => [series.id, series]))
  const measured = [...needs.values()].map((each) => new MeasuredSeries(each, 1, to, undefined))
  const scan: ScanContext = { store: new SpanStore({ clickhouse, timeoutMs: config.queryTimeoutMs }), bucketMs, watermarkMs: to * bucketMs, scanTimeoutMs: config.queryTimeoutMs, signal }
  let rowsRead = 0
  for (let day = 0; day < options.days; day++) {
    const range = { from: to - (day + 1) * 24 * hour, to: to - day * 24 * hour }
    const stretch = await measureStretch(scan, rollUpOf(context), measured, range, to)
    if (stretch.failures.length > 0) throw new SloError('NOT_MEASURED', stretch.failures.join('; '))
    rowsRead += stretch.rowsRead
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
