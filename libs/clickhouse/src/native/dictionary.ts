import { randomInt } from 'node:crypto'
import { GrowableIndexes } from './growable-indexes.ts'
import { sourceView } from './source-view.ts'
import { StringColumn } from './string-column.ts'
import { varintBytes } from './varint.ts'

const INITIAL_SLOTS = 256

/** Bytes that are compared at once. */
const WORD_BYTES = 4

/** Random for each process, so that nobody can prepare texts that all fall into one slot. Does not show in what is written. */
const SEED = randomInt(2 ** 31)
const MULTIPLIER = randomInt(2 ** 30) * 2 + 1

/** Distinct byte strings, numbered in the order in which they came: an open-addressing hash table that makes no JavaScript string. */
export class Dictionary {
  /** The distinct values, in order. */
  readonly values = new StringColumn()
  readonly #starts = new GrowableIndexes()
  readonly #ends = new GrowableIndexes()
  readonly #hashes = new GrowableIndexes()
  /** Number of a value plus one; zero is a free slot. */
  #slots = new Int32Array(INITIAL_SLOTS)

  get size(): number {
    return this.values.rows
  }

  /** Number of `source[start, end)`, which is added if it is new. */
  idOf(source: Buffer, start: number, end: number): number {
    let hash = SEED
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ source[at]!, MULTIPLIER)
    hash = (hash ^ (hash >>> 15)) >>> 0
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]! - 1
      if (id === -1) return this.#add(source, start, end, hash, slot)
      if (this.#hashes.values[id] === hash && this.is(id, source, start, end)) return id
    }
  }

  /** Number of the value that has the number `id` in another dictionary; it is added if it is new. */
  idFrom(other: Dictionary, id: number): number {
    return this.idOf(other.values.data.bytes, other.#starts.values[id]!, other.#ends.values[id]!)
  }

  /** Whether the value with this number is `source[start, end)`. */
  is(id: number, source: Buffer, start: number, end: number): boolean {
    const from = this.#starts.values[id]!
    const length = end - start
    if (this.#ends.values[id]! - from !== length) return false
    const { bytes, view } = this.values.data
    if (length < WORD_BYTES) {
      for (let at = 0; at < length; at++) if (source[start + at] !== bytes[from + at]) return false
      return true
    }
    const words = sourceView(source)
    const last = length - WORD_BYTES
    for (let at = 0; at < last; at += WORD_BYTES) if (words.getInt32(start + at) !== view.getInt32(from + at)) return false
    // The last word may overlap the one before.
    return words.getInt32(start + last) === view.getInt32(from + last)
  }

  /** Order of two values by their bytes: negative when `a` comes first. */
  compare(a: number, b: number): number {
    const { bytes } = this.values.data
    const starts = this.#starts.values
    const ends = this.#ends.values
    return bytes.compare(bytes, starts[b], ends[b], starts[a], ends[a])
  }

  clear(): void {
    if (this.size === 0) return
    this.values.clear()
    this.#starts.clear()
    this.#ends.clear()
    this.#hashes.clear()
    if (this.#slots.length > INITIAL_SLOTS) this.#slots = new Int32Array(INITIAL_SLOTS)
    else this.#slots.fill(0)
  }

  #add(source: Buffer, start: number, end: number, hash: number, slot: number): number {
    const id = this.size
    const from = this.values.data.length + varintBytes(end - start)
    this.values.appendBytes(source, start, end)
    this.#starts.push(from)
    this.#ends.push(from + end - start)
    this.#hashes.push(hash)
    this.#slots[slot] = id + 1
    if (this.size * 2 > this.#slots.length) this.#rehash()
    return id
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let id = 0; id < this.size; id++) {
      let slot = this.#hashes.values[id]! & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = id + 1
    }
    this.#slots = slots
  }
}
