import type { MapColumn } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import { AnyValueRange, STRING } from './any-value-range.ts'
import type { Flaw } from './flaw.ts'
import { KeySequences, ROOT, UNKNOWN } from './key-sequences.ts'
import { TextIds } from './text-ids.ts'
import type { ValueWriter } from './value-writer.ts'
import { LEN, WireReader } from './wire-reader.ts'

const INITIAL_ATTRIBUTES = 64

/** Fields of a KeyValue. */
const KEY = (1 << 3) | LEN
const VALUE = (2 << 3) | LEN

/** Numbers kept for each value: kind, start, stop. */
const STRIDE = 3

/** Writes the attributes of one kind of record: gathers where they lie, then adds them to the map column in sorted order. */
export class AttributeWriter {
  readonly column: MapColumn
  readonly #keys: TextIds
  readonly #values: ValueWriter
  readonly #sequences: KeySequences
  readonly #reader = new WireReader()
  readonly #value = new AnyValueRange()
  #ids = new Uint32Array(INITIAL_ATTRIBUTES)
  #ranges = new Int32Array(INITIAL_ATTRIBUTES * STRIDE)
  #count = 0
  #sequence = ROOT

  constructor(column: MapColumn, flaw: Flaw, values: ValueWriter) {
    this.column = column
    this.#keys = new TextIds(column.keys, flaw, 'an attribute key')
    this.#values = values
    this.#sequences = new KeySequences(column.keys)
  }

  /** Forgets what belongs to the last block. */
  clear(): void {
    this.#keys.clear()
    this.#sequences.clear()
    this.begin()
  }

  /** Begins a row. */
  begin(): void {
    this.#count = 0
    this.#sequence = ROOT
  }

  /** Takes note of the KeyValue that is `source[start, stop)`. */
  add(source: Buffer, start: number, stop: number): void {
    const value = this.#value
    value.clear()
    // What nearly all are: the key, then the value, each of less than 128 bytes.
    const keyLength = source[start + 1]!
    const valueAt = start + 2 + keyLength
    const valueLength = stop - valueAt - 2
    if (keyLength < 0x80 && valueLength >= 0 && valueLength < 0x80 && source[start] === KEY && source[valueAt] === VALUE && source[valueAt + 1] === valueLength) {
      value.read(source, valueAt + 2, stop)
      this.#gather(source, start + 2, valueAt)
    } else this.#addAny(source, start, stop)
  }

  /** The text of the first attribute with this key; `undefined` if there is none or it is no text. */
  text(source: Buffer, key: Buffer): string | undefined {
    for (let at = 0; at < this.#count; at++) {
      if (!this.column.keys.dictionary.is(this.#ids[at]!, key, 0, key.length)) continue
      const slot = at * STRIDE
      return this.#ranges[slot] === STRING ? source.toString('utf8', this.#ranges[slot + 1], this.#ranges[slot + 2]) : undefined
    }
    return undefined
  }

  /** Adds the pairs to the column. The caller ends the row, or takes it out. */
  writePairs(source: Buffer, tally: Tally): void {
    const count = this.#count
    if (count === 0) return
    const order = this.#sequences.orderOf(this.#sequence, this.#ids, count)
    for (let duplicate = order.length; duplicate < count; duplicate++) tally.warn('duplicate_attribute_key')
    const { keys, values } = this.column
    const ranges = this.#ranges
    for (let at = 0; at < order.length; at++) {
      const position = order[at]!
      const slot = position * STRIDE
      keys.ids.push(this.#ids[position]!)
      this.#values.append(values, source, ranges[slot]!, ranges[slot + 1]!, ranges[slot + 2]!)
    }
  }

  /** Adds the row to the column. */
  write(source: Buffer, tally: Tally): void {
    this.writePairs(source, tally)
    this.column.endRow()
  }

  #addAny(source: Buffer, start: number, stop: number): void {
    const reader = this.#reader.open(source, start, stop)
    let keyStart = 0
    let keyStop = 0
    while (reader.next()) {
      switch (reader.tag) {
        case KEY:
          reader.range()
          keyStart = reader.start
          keyStop = reader.stop
          break
        case VALUE:
          reader.range()
          this.#value.read(source, reader.start, reader.stop)
          break
        default:
          reader.skip()
      }
    }
    this.#gather(source, keyStart, keyStop)
  }

  #gather(source: Buffer, keyStart: number, keyStop: number): void {
    const value = this.#value
    const at = this.#count++
    if (at === this.#ids.length) this.#grow()
    this.#ids[at] = this.#keyId(source, keyStart, keyStop)
    const ranges = this.#ranges
    const slot = at * STRIDE
    ranges[slot] = value.kind
    ranges[slot + 1] = value.start
    ranges[slot + 2] = value.stop
  }

  #keyId(source: Buffer, start: number, stop: number): number {
    const before = this.#sequence
    this.#sequence = this.#sequences.next(before, source, start, stop)
    if (this.#sequence !== UNKNOWN) return this.#sequences.keyOf(this.#sequence)
    const id = this.#keys.idOf(source, start, stop)
    // A key that is not UTF-8 must be looked at each time it comes.
    if (this.#keys.isValid(id)) this.#sequence = this.#sequences.add(before, id)
    return id
  }

  #grow(): void {
    const ids = new Uint32Array(this.#ids.length * 2)
    const ranges = new Int32Array(this.#ranges.length * 2)
    ids.set(this.#ids)
    ranges.set(this.#ranges)
    this.#ids = ids
    this.#ranges = ranges
  }
}
