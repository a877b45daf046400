import type { ColumnBuilder } from './column-builder.ts'
import { Dictionary } from './dictionary.ts'
import { GrowableIndexes } from './growable-indexes.ts'
import type { NativeValue } from './native-type.ts'

/** `SharedDictionariesWithAdditionalKeys`: the only version of the keys there is. */
const KEYS_VERSION = 1

/** The block brings its own keys, and they replace whatever came before: what the Native format always says. */
const HAS_ADDITIONAL_KEYS = 1 << 9
const NEED_UPDATE_DICTIONARY = 1 << 10

/** Flags, number of keys, number of rows: eight bytes each. */
const COUNTERS_BYTES = 24

/** LowCardinality(String): the distinct values once, then for each row the number of its value, as narrow as it can be. */
export class LowCardinalityColumn implements ColumnBuilder {
  readonly prefixBytes = 8
  readonly dictionary = new Dictionary()
  readonly ids = new GrowableIndexes()

  get rows(): number {
    return this.ids.length
  }

  append(value: NativeValue): void {
    this.ids.push(this.idOfText(String(value)))
  }

  /** Adds `source[start, end)`. */
  appendBytes(source: Buffer, start: number, end: number): void {
    this.ids.push(this.dictionary.idOf(source, start, end))
  }

  /** Number of a JavaScript text in the dictionary. */
  idOfText(text: string): number {
    const bytes = Buffer.from(text)
    return this.dictionary.idOf(bytes, 0, bytes.length)
  }

  get dataBytes(): number {
    // Without rows there is no data at all, not even counters.
    if (this.rows === 0) return 0
    return COUNTERS_BYTES + this.dictionary.values.dataBytes + this.rows * indexBytes(this.dictionary.size)
  }

  writePrefix(out: Buffer, at: number): number {
    return writeUInt64(out, at, KEYS_VERSION)
  }

  writeData(out: Buffer, at: number): number {
    if (this.rows === 0) return at
    const width = indexBytes(this.dictionary.size)
    let end = writeUInt64(out, at, lowCardinality.flags(width))
    end = writeUInt64(out, end, this.dictionary.size)
    end = this.dictionary.values.writeData(out, end)
    end = writeUInt64(out, end, this.rows)
    return writeIndexes(out, end, this.ids, width)
  }

  clear(): void {
    this.dictionary.clear()
    this.ids.clear()
  }
}

/** How a LowCardinality column begins, for those who write one byte by byte. */
export const lowCardinality = {
  keysVersion: KEYS_VERSION,
  /** What stands before the keys. The index type is 0, 1 or 2 for one, two or four bytes. */
  flags: (width: 1 | 2 | 4): number => (width >> 1) | HAS_ADDITIONAL_KEYS | NEED_UPDATE_DICTIONARY,
  indexBytes,
} as const

/** Bytes of the number of each of so many keys. */
function indexBytes(keys: number): 1 | 2 | 4 {
  if (keys <= 2 ** 8) return 1
  return keys <= 2 ** 16 ? 2 : 4
}

function writeIndexes(out: Buffer, at: number, { values, length }: GrowableIndexes, width: 1 | 2 | 4): number {
  if (width === 1) for (let row = 0; row < length; row++) out[at + row] = values[row]!
  else if (width === 2) for (let row = 0; row < length; row++) out.writeUInt16LE(values[row]!, at + row * 2)
  else for (let row = 0; row < length; row++) out.writeUInt32LE(values[row]!, at + row * 4)
  return at + length * width
}

function writeUInt64(out: Buffer, at: number, value: number): number {
  out.writeUInt32LE(value, at)
  out.writeUInt32LE(0, at + 4)
  return at + 8
}
