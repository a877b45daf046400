import type { WireReader } from './wire-reader.ts'

/** Where a length-delimited field lies; empty until it is seen. */
export class FieldRange {
  start = 0
  stop = 0

  clear(): void {
    this.start = 0
    this.stop = 0
  }

  /** Takes the reader's current field. */
  take(reader: WireReader): void {
    reader.range()
    this.start = reader.start
    this.stop = reader.stop
  }

  get length(): number {
    return this.stop - this.start
  }
}

/** Where the length-delimited fields of a repeated kind lie. Reused from record to record. */
export class FieldRanges {
  readonly #bounds: number[] = []
  count = 0

  clear(): void {
    this.count = 0
  }

  take(reader: WireReader): void {
    reader.range()
    this.add(reader.start, reader.stop)
  }

  add(start: number, stop: number): void {
    this.#bounds[this.count * 2] = start
    this.#bounds[this.count * 2 + 1] = stop
    this.count++
  }

  start(index: number): number {
    return this.#bounds[index * 2]!
  }

  stop(index: number): number {
    return this.#bounds[index * 2 + 1]!
  }
}
