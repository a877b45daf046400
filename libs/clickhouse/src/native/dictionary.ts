import { hashOf, isSame } from './byte-range.ts'
import { GrowableIndexes } from './growable-indexes.ts'
import { StringColumn } from './string-column.ts'
import { varintBytes } from './varint.ts'

const INITIAL_SLOTS = 256

/** Numbers kept for each value. */
const STRIDE = 3
const START = 0
const END = 1
const HASH = 2

/** Distinct byte strings, numbered in the order in which they came: an open-addressing hash table that makes no JavaScript string. */
export class Dictionary {
  /** The distinct values, in order. */
  readonly values = new StringColumn()
  /** Of each value where it begins and ends in `values.data`, and its hash: side by side, because they are asked for together. */
  readonly #entries = new GrowableIndexes()
  /** Number of a value plus one; zero is a free slot. */
  #slots = new Int32Array(INITIAL_SLOTS)

  get size(): number {
    return this.values.rows
  }

  /** Number of `source[start, end)`, which is added if it is new. */
  idOf(source: Buffer, start: number, end: number): number {
    const hash = hashOf(source, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]! - 1
      if (id === -1) return this.#add(source, start, end, hash, slot)
      if (this.#entries.values[id * STRIDE + HASH] === hash && this.is(id, source, start, end)) return id
    }
  }

  /** Number of the value that has the number `id` in another dictionary; it is added if it is new. */
  idFrom(other: Dictionary, id: number): number {
    const entry = id * STRIDE
    return this.idOf(other.values.data.bytes, other.#entries.values[entry + START]!, other.#entries.values[entry + END]!)
  }

  /** Number of `source[start, end)`; -1 if it is not there. */
  find(source: Buffer, start: number, end: number): number {
    const hash = hashOf(source, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]! - 1
      if (id === -1 || (this.#entries.values[id * STRIDE + HASH] === hash && this.is(id, source, start, end))) return id
    }
  }

  /** The value with this number as a text. */
  text(id: number): string {
    const entry = id * STRIDE
    return this.values.data.bytes.toString('utf8', this.#entries.values[entry + START], this.#entries.values[entry + END])
  }

  /** Whether the value with this number is `source[start, end)`. */
  is(id: number, source: Buffer, start: number, end: number): boolean {
    const entries = this.#entries.values
    const from = entries[id * STRIDE + START]!
    return entries[id * STRIDE + END]! - from === end - start && isSame(source, start, end, this.values.data.view, from)
  }

  /** Order of two values by their bytes: negative when `a` comes first. */
  compare(a: number, b: number): number {
    const { bytes } = this.values.data
    const entries = this.#entries.values
    const [one, other] = [a * STRIDE, b * STRIDE]
    return bytes.compare(bytes, entries[other + START], entries[other + END], entries[one + START], entries[one + END])
  }

  clear(): void {
    if (this.size === 0) return
    this.values.clear()
    this.#entries.clear()
    if (this.#slots.length > INITIAL_SLOTS) this.#slots = new Int32Array(INITIAL_SLOTS)
    else this.#slots.fill(0)
  }

  #add(source: Buffer, start: number, end: number, hash: number, slot: number): number {
    const id = this.size
    const from = this.values.data.length + varintBytes(end - start)
    this.values.appendBytes(source, start, end)
    this.#entries.push(from)
    this.#entries.push(from + end - start)
    this.#entries.push(hash)
    this.#slots[slot] = id + 1
    if (this.size * 2 > this.#slots.length) this.#rehash()
    return id
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let id = 0; id < this.size; id++) {
      let slot = this.#entries.values[id * STRIDE + HASH]! & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = id + 1
    }
    this.#slots = slots
  }
}
