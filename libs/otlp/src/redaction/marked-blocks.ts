import { findLongNumber, MIN_NUMBER_LENGTH } from './check-digit.ts'

/** Bytes that share a mark, as a power of two: texts are mostly shorter, and a request has few enough of them to be cleared each time. */
const BLOCK_BITS = 6
const BLOCK_BYTES = 1 << BLOCK_BITS

/**
 * Where in a request something may be that is searched for. The request is looked over once as a whole, which the engine does many
 * times as fast as text by text; a text in blocks without a mark then needs no look of its own.
 */
export class MarkedBlocks {
  /** Whether there is any mark. */
  any = false
  #marks = new Uint8Array(0)

  /** Marks every place in `source` where one of the needles begins, or there is a long number. */
  mark(source: Buffer, needles: readonly Buffer[], numbers: boolean): void {
    this.any = false
    const blocks = (source.length >>> BLOCK_BITS) + 1
    if (blocks > this.#marks.length) this.#marks = new Uint8Array(blocks)
    else this.#marks.fill(0, 0, blocks)
    for (const needle of needles) {
      // What else is in the same block changes nothing.
      for (let at = source.indexOf(needle); at !== -1; at = source.indexOf(needle, (at | (BLOCK_BYTES - 1)) + 1)) this.#markAt(at)
    }
    if (!numbers) return
    for (let end = findLongNumber(source, 0, source.length); end !== -1; end = findLongNumber(source, end, source.length)) {
      // A text may hold only the beginning of these digits, or only their end.
      this.#markAt(end - MIN_NUMBER_LENGTH)
      this.#markAt(end - 1)
    }
  }

  /** Whether anything in `[start, stop)` may be marked; true also for its neighbourhood. */
  has(start: number, stop: number): boolean {
    const last = (stop - 1) >>> BLOCK_BITS
    for (let block = start >>> BLOCK_BITS; block <= last; block++) if (this.#marks[block] !== 0) return true
    return false
  }

  #markAt(at: number): void {
    this.any = true
    this.#marks[at >>> BLOCK_BITS] = 1
  }
}
