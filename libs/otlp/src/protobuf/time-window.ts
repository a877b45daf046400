import { timeOutside } from '../record/reject-detail.ts'
import type { Tally } from '../record/tally.ts'
import type { TimeBounds, TranscodeOptions } from '../transcoded-block.ts'
import type { Flaw } from './flaw.ts'
import { unixNano } from './unix-nano.ts'

/** Bounds the times of records, by which tables are partitioned: a day that nothing else has would be a partition of its own. */
export class TimeWindow {
  #bounds: TimeBounds | undefined
  #tally: Tally | undefined
  /** High halves that need no closer look: these are more than 4.3 s inside of the bounds, and not late. */
  #insideFrom = 0
  #insideTo = Number.POSITIVE_INFINITY

  begin({ times }: TranscodeOptions, tally: Tally): void {
    this.#bounds = times
    this.#tally = tally
    this.#insideFrom = times === undefined ? 0 : Number((times.lateBeforeUnixNano ?? times.oldestUnixNano) >> 32n) + 1
    this.#insideTo = times === undefined ? Number.POSITIVE_INFINITY : Number(times.newestUnixNano >> 32n) - 1
  }

  /** Whether a record of this time can be stored; else the flaw is set. A late one is counted. */
  takes(low: number, high: number, flaw: Flaw): boolean {
    if (this.#bounds === undefined || (high >= this.#insideFrom && high <= this.#insideTo)) return true
    const time = unixNano(low, high)
    const { oldestUnixNano, newestUnixNano, lateBeforeUnixNano = oldestUnixNano } = this.#bounds
    if (time >= oldestUnixNano && time <= newestUnixNano) {
      if (time < lateBeforeUnixNano) this.#tally!.late++
      return true
    }
    flaw.set(time < oldestUnixNano ? 'timestamp_too_old' : 'timestamp_in_future', timeOutside(time, this.#bounds))
    return false
  }
}
