import type { MapColumn } from '@ballast/clickhouse'
import { NO_LIMIT } from '../limits.ts'
import type { Tally } from '../record/tally.ts'
import { NO_RULE } from '../redaction/key-rules.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { AnyValueRange, STRING } from './any-value-range.ts'
import type { Flaw } from './flaw.ts'
import { GuardedValues } from './guarded-values.ts'
import { KeySequences, ROOT, UNKNOWN } from './key-sequences.ts'
import { RedactedPairs } from './redacted-pairs.ts'
import { TextIds } from './text-ids.ts'
import type { ValueWriter } from './value-writer.ts'
import { LEN, WireReader } from './wire-reader.ts'

const INITIAL_ATTRIBUTES = 64

/** Fields of a KeyValue. */
const KEY = (1 << 3) | LEN
const VALUE = (2 << 3) | LEN

/** Field `string_value` of an AnyValue. */
const STRING_VALUE = (STRING << 3) | LEN

/** No record of the block has the watched key. */
const NEVER_SEEN = -1

/** Numbers kept for each value: kind, start, stop. */
const STRIDE = 3

/** What is special about attributes of one kind. */
export interface AttributeTraits {
  /** A key whose value is asked for. */
  readonly watch?: Buffer
  /** What the cardinality guard calls these attributes. Absent: their values are not bounded. */
  readonly guarded?: { readonly table: string; readonly column: string }
}

/** Writes the attributes of one kind of record: gathers where they lie, then adds them to the map column in sorted order. */
export class AttributeWriter {
  readonly column: MapColumn
  /** Number of the watched key, once a record of the block has it. */
  watchedId = NEVER_SEEN
  readonly #keys: TextIds
  readonly #values: ValueWriter
  readonly #redacted: RedactedPairs
  readonly #guarded: GuardedValues | undefined
  readonly #watch: Buffer | undefined
  readonly #sequences: KeySequences
  readonly #reader = new WireReader()
  readonly #value = new AnyValueRange()
  #ids = new Uint32Array(INITIAL_ATTRIBUTES)
  #ranges = new Int32Array(INITIAL_ATTRIBUTES * STRIDE)
  #count = 0
  #sequence = ROOT
  #maxAttributes = NO_LIMIT
  #overLimit = 0

  constructor(column: MapColumn, flaw: Flaw, values: ValueWriter, { watch, guarded }: AttributeTraits = {}) {
    this.column = column
    this.#watch = watch
    this.#keys = new TextIds(column.keys, flaw, values.redactor, 'an attribute key')
    this.#values = values
    this.#redacted = new RedactedPairs(column, values)
    this.#guarded = guarded && new GuardedValues(column, guarded)
    this.#sequences = new KeySequences(column.keys)
  }

  /** Begins a block. */
  clear(options: TranscodeOptions): void {
    this.#keys.clear()
    this.#sequences.clear()
    this.#redacted.clear()
    this.#guarded?.clear(options)
    this.#maxAttributes = options.limits?.maxAttributes ?? NO_LIMIT
    this.watchedId = NEVER_SEEN
    this.begin()
  }

  /** Begins a row. */
  begin(): void {
    this.#count = 0
    this.#overLimit = 0
    this.#sequence = ROOT
  }

  /** Takes note of the KeyValue that is `source[start, stop)`. */
  add(source: Buffer, start: number, stop: number): void {
    // What nearly all are: the key, then the value, each of less than 128 bytes.
    const keyLength = source[start + 1]!
    const valueAt = start + 2 + keyLength
    const valueLength = stop - valueAt - 2
    if (keyLength >= 0x80 || valueLength < 0 || valueLength >= 0x80 || source[start] !== KEY || source[valueAt] !== VALUE || source[valueAt + 1] !== valueLength) {
      this.#addAny(source, start, stop)
      return
    }
    // And nearly all values are strings.
    if (valueLength >= 2 && source[valueAt + 2] === STRING_VALUE && source[valueAt + 3] === valueLength - 2) {
      this.#gather(source, start + 2, valueAt, STRING, valueAt + 4, stop)
      return
    }
    const value = this.#value
    value.clear()
    value.read(source, valueAt + 2, stop)
    this.#gather(source, start + 2, valueAt, value.kind, value.start, value.stop)
  }

  /** Where the value of the first attribute with the watched key lies; `undefined` if there is none. Free for as long as no record of the block has the key. */
  get watched(): AnyValueRange | undefined {
    if (this.watchedId === NEVER_SEEN) return undefined
    const at = this.#ids.indexOf(this.watchedId)
    if (at === -1 || at >= this.#count) return undefined
    const slot = at * STRIDE
    const value = this.#value
    value.kind = this.#ranges[slot]!
    value.start = this.#ranges[slot + 1]!
    value.stop = this.#ranges[slot + 2]!
    return value
  }

  /** Adds the pairs to the column. The caller ends the row, or takes it out. */
  writePairs(source: Buffer, tally: Tally): void {
    const count = this.#count
    if (count === 0) return
    const order = this.#sequences.orderOf(this.#sequence, this.#ids, count)
    for (let duplicate = order.length; duplicate < count; duplicate++) tally.warn('duplicate_attribute_key')
    for (; this.#overLimit > 0; this.#overLimit--) tally.warn('attribute_over_limit')
    const { keys, values } = this.column
    const ranges = this.#ranges
    // A key that is new to them has no entry, which is no verdict either.
    const rules = this.#values.redactor.active ? this.#redacted.rules : undefined
    const guarded = this.#guarded?.active === true ? this.#guarded : undefined
    this.#values.dropped = false
    for (let at = 0; at < order.length; at++) {
      const position = order[at]!
      const slot = position * STRIDE
      const key = this.#ids[position]!
      const before = keys.ids.length
      const valueStart = values.data.length
      if (rules !== undefined && rules[key] !== NO_RULE) {
        this.#redacted.append(key, source, ranges[slot]!, ranges[slot + 1]!, ranges[slot + 2]!)
      } else {
        keys.ids.push(key)
        this.#values.append(values, source, ranges[slot]!, ranges[slot + 1]!, ranges[slot + 2]!)
      }
      if (this.#values.dropped) this.#dropLast(valueStart)
      if (guarded !== undefined && keys.ids.length > before) guarded.boundLast(key, valueStart, tally)
    }
  }

  /** Adds the row to the column. */
  write(source: Buffer, tally: Tally): void {
    this.writePairs(source, tally)
    this.column.endRow()
  }

  /** Takes out the pair whose value a rule dropped. */
  #dropLast(valueStart: number): void {
    this.#values.dropped = false
    this.column.keys.ids.length--
    this.column.values.removeLast(valueStart)
  }

  #addAny(source: Buffer, start: number, stop: number): void {
    const value = this.#value
    value.clear()
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
          value.read(source, reader.start, reader.stop)
          break
        default:
          reader.skip()
      }
    }
    this.#gather(source, keyStart, keyStop, value.kind, value.start, value.stop)
  }

  #gather(source: Buffer, keyStart: number, keyStop: number, kind: number, start: number, stop: number): void {
    if (this.#count >= this.#maxAttributes) {
      this.#overLimit++
      return
    }
    const at = this.#count++
    if (at === this.#ids.length) this.#grow()
    this.#ids[at] = this.#keyId(source, keyStart, keyStop)
    const ranges = this.#ranges
    const slot = at * STRIDE
    ranges[slot] = kind
    ranges[slot + 1] = start
    ranges[slot + 2] = stop
  }

  #keyId(source: Buffer, start: number, stop: number): number {
    const before = this.#sequence
    this.#sequence = this.#sequences.next(before, source, start, stop)
    if (this.#sequence !== UNKNOWN) return this.#sequences.keyOf(this.#sequence)
    const id = this.#keys.idOf(source, start, stop)
    const { dictionary } = this.column.keys
    // A key that is not UTF-8, or is not stored as it is, must be looked at each time it comes.
    if (this.#keys.isValid(id) && dictionary.is(id, source, start, stop)) this.#sequence = this.#sequences.add(before, id)
    if (this.#watch !== undefined && dictionary.is(id, this.#watch, 0, this.#watch.length)) this.watchedId = id
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
