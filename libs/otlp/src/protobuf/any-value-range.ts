import { I64, LEN, VARINT, WireReader } from './wire-reader.ts'

/** Kinds of an AnyValue: the numbers of its fields, and 0 for a value that is not set. */
export const EMPTY = 0
export const STRING = 1
export const BOOL = 2
export const INT = 3
export const DOUBLE = 4
export const ARRAY = 5
export const KVLIST = 6
export const BYTES = 7

/** Finds where the value of an AnyValue lies, without decoding it. */
export class AnyValueRange {
  kind = EMPTY
  start = 0
  stop = 0
  readonly #reader = new WireReader()

  /** Reads `source[start, stop)` onto what came before: of several values the last one counts, and none changes nothing. */
  read(source: Buffer, start: number, stop: number): void {
    // The one that hardly any value differs from: a string of up to 127 bytes.
    const length = stop - start - 2
    if (length >= 0 && length < 0x80 && source[start] === ((STRING << 3) | LEN) && source[start + 1] === length) {
      this.kind = STRING
      this.start = start + 2
      this.stop = stop
      return
    }
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (BOOL << 3) | VARINT:
        case (INT << 3) | VARINT:
          this.start = reader.at
          reader.varint()
          this.#found()
          break
        case (DOUBLE << 3) | I64:
          this.start = reader.at
          reader.fixed64()
          this.#found()
          break
        case (STRING << 3) | LEN:
        case (ARRAY << 3) | LEN:
        case (KVLIST << 3) | LEN:
        case (BYTES << 3) | LEN:
          reader.range()
          this.start = reader.start
          this.#found()
          break
        default:
          reader.skip()
      }
    }
  }

  clear(): void {
    this.kind = EMPTY
    this.start = 0
    this.stop = 0
  }

  #found(): void {
    this.kind = this.#reader.tag >>> 3
    this.stop = this.#reader.at
  }
}
