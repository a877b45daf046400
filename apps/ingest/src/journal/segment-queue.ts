import type { Segment } from './segment.ts'

/** Of so many segments taken one is the oldest, the others the newest. */
const BACKLOG_EVERY = 4

/** While others wait, one of so many taken is of the lane for late days. */
const LATE_EVERY = 8

/**
 * Closed segments that are not stored. After an outage the newest go first, so that new data is seen soon, and every fourth is
 * the oldest, so that the backlog drains beside them ("Avoiding insurmountable queue backlogs", Amazon Builders' Library). Those of late days have
 * a slow lane: one at a time, and behind the others, because each of their days is a part of its own in every table.
 */
export class SegmentQueue {
  /** Oldest first. */
  readonly #waiting: Segment[]
  readonly #late: Segment[] = []
  readonly #taken = new Set<Segment>()
  #lateTaken: Segment | undefined
  #sinceLate = 0
  #turn = 0
  #bytes: number

  /** @param segments - what was there at the start, oldest first. */
  constructor(segments: readonly Segment[]) {
    this.#waiting = [...segments]
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Of all that are not stored. */
  get bytes(): number {
    return this.#bytes
  }

  /** Segments that are not stored. */
  get size(): number {
    return this.#waiting.length + this.#late.length + this.#taken.size
  }

  /** When the oldest was begun, milliseconds since 1970; infinity without one. */
  get oldestAtMs(): number {
    return earliest([this.#late[0], this.#waiting[0], ...this.#taken])
  }

  /** The same, without those of late days. */
  get oldestPunctualAtMs(): number {
    return earliest([this.#waiting[0], ...[...this.#taken].filter((segment) => segment !== this.#lateTaken)])
  }

  push(segment: Segment): void {
    this.#waiting.push(segment)
    this.#bytes += segment.bytes
  }

  /** One with records of late days. */
  pushLate(segment: Segment): void {
    this.#late.push(segment)
    this.#bytes += segment.bytes
  }

  /** Whether the newest is the next to send, not the oldest. */
  get isNewestNext(): boolean {
    return this.#turn < BACKLOG_EVERY - 1
  }

  /** The next to send; `undefined` when none waits. */
  take(): Segment | undefined {
    if (this.#isLateNext) {
      this.#sinceLate = 0
      this.#lateTaken = this.#late.shift()!
      this.#taken.add(this.#lateTaken)
      return this.#lateTaken
    }
    if (this.#waiting.length === 0) return undefined
    this.#sinceLate++
    const segment = (this.isNewestNext ? this.#waiting.pop() : this.#waiting.shift())!
    this.#turn = (this.#turn + 1) % BACKLOG_EVERY
    this.#taken.add(segment)
    return segment
  }

  /** A taken segment is done with. */
  remove(segment: Segment): void {
    if (this.#taken.delete(segment)) this.#bytes -= segment.bytes
    if (segment === this.#lateTaken) this.#lateTaken = undefined
  }

  get #isLateNext(): boolean {
    return this.#late.length > 0 && this.#lateTaken === undefined && (this.#waiting.length === 0 || this.#sinceLate >= LATE_EVERY - 1)
  }
}

function earliest(segments: readonly (Segment | undefined)[]): number {
  return Math.min(...segments.map((segment) => segment?.createdAtMs ?? Number.POSITIVE_INFINITY))
}
