import type { BucketCounts, BucketRange } from './event-store.ts'
import type { RollUp } from './roll-up.ts'
import { noEvents, plus, type Sums, sumsOf } from './sums.ts'

const HOUR_MS = 3_600_000
/** Steps of this many hours and more are made of hours: a step is then right to the hour at its ends, and all of them together exactly. */
const MIN_HOURS = 2

/** Sums between edges, from what is kept: of hours where steps are long, else of buckets. */
export async function readSteps(rollUp: RollUp, series: string, edges: readonly number[], bucketMs: number, signal: AbortSignal): Promise<readonly Sums[]> {
  const hour = HOUR_MS / bucketMs
  const whole = { from: edges[0]!, to: edges.at(-1)! }
  const hours = { from: Math.ceil(whole.from / hour) * hour, to: Math.floor(whole.to / hour) * hour }
  const inHours = edges[1]! - edges[0]! >= MIN_HOURS * hour && hours.from < hours.to
  const ranges = inHours ? [{ from: whole.from, to: hours.from }, { from: hours.to, to: whole.to }] : [whole]
  const parts: BucketCounts[] = inHours ? [...(await rollUp.readHours(series, hours, signal))] : []
  for (const range of ranges) parts.push(...(await readBuckets(rollUp, series, range, signal)))
  const steps: Sums[] = Array.from({ length: edges.length - 1 }, () => noEvents)
  for (const part of parts) {
    const step = edges.findLastIndex((edge) => edge <= part.bucket)
    if (step >= 0 && step < steps.length) steps[step] = plus(steps[step]!, sumsOf(part))
  }
  return steps
}

async function readBuckets(rollUp: RollUp, series: string, range: BucketRange, signal: AbortSignal): Promise<readonly BucketCounts[]> {
  return range.from < range.to ? ((await rollUp.read([series], range, signal)).get(series) ?? []) : []
}
