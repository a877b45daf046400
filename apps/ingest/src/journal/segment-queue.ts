import type { Segment } from './segment.ts'

/** Of so many segments taken one is the oldest, the others the newest. */
const BACKLOG_EVERY = 4

/**
 * Closed segments that are not stored. After an outage the newest go first, so that new data is seen soon, and every fourth is
 * the oldest, so that the backlog drains beside them ("Avoiding insurmountable queue backlogs", Amazon Builders' Library).
 */
export class SegmentQueue {
  /** Oldest first. */
  readonly #waiting: Segment[]
  readonly #taken = new Set<Segment>()
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
    return this.#waiting.length + this.#taken.size
  }

  /** When the oldest was begun, milliseconds since 1970; infinity without one. */
  get oldestAtMs(): number {
    return Math.min(...[this.#waiting[0], ...this.#taken].map((segment) => segment?.createdAtMs ?? Number.POSITIVE_INFINITY))
  }

  push(segment: Segment): void {
    this.#waiting.push(segment)
    this.#bytes += segment.bytes
  }

  /** Whether the newest is the next to send, not the oldest. */
  get isNewestNext(): boolean {
    return this.#turn < BACKLOG_EVERY - 1
  }

  /** The next to send; `undefined` when none waits. */
  take(): Segment | undefined {
    if (this.#waiting.length === 0) return undefined
    const segment = (this.isNewestNext ? this.#waiting.pop() : this.#waiting.shift())!
    this.#turn = (this.#turn + 1) % BACKLOG_EVERY
    this.#taken.add(segment)
    return segment
  }

  /** A taken segment is done with. */
  remove(segment: Segment): void {
    if (this.#taken.delete(segment)) this.#bytes -= segment.bytes
  }
}
