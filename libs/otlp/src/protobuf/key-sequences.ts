import type { LowCardinalityColumn } from '@ballast/clickhouse'

/** Sequences are remembered up to this many nodes; sequences beyond are sorted each time. */
const MAX_NODES = 4096

/** How many different keys are remembered after one sequence. */
const MAX_BRANCHES = 16

/** The sequence of no keys. */
export const ROOT = 0

/** A sequence that is not remembered. */
export const UNKNOWN = -1

/**
 * Remembers in which sequence the keys of attributes come, as a tree: the next key of a sequence is guessed from the last time,
 * which saves hashing it, and the sorted order of a whole sequence is found only once. One instrumentation sends its keys in a
 * handful of sequences.
 */
export class KeySequences {
  readonly #column: LowCardinalityColumn
  /** The key that a node adds to the sequence of its parent. */
  readonly #keys = new Int32Array(MAX_NODES)
  /** The child that was added last; its siblings follow. */
  readonly #children = new Int32Array(MAX_NODES)
  readonly #siblings = new Int32Array(MAX_NODES)
  readonly #orders: (Uint32Array | undefined)[] = [undefined]
  #size = 1

  constructor(column: LowCardinalityColumn) {
    this.#column = column
  }

  /** The sequence that `source[start, stop)` makes of `sequence`; `UNKNOWN` if it was not seen yet. */
  next(sequence: number, source: Buffer, start: number, stop: number): number {
    if (sequence === UNKNOWN) return UNKNOWN
    const { dictionary } = this.#column
    for (let child = this.#children[sequence]!; child !== 0; child = this.#siblings[child]!) {
      if (dictionary.is(this.#keys[child]!, source, start, stop)) return child
    }
    return UNKNOWN
  }

  /** The key that ends a sequence. */
  keyOf(sequence: number): number {
    return this.#keys[sequence]!
  }

  /** Remembers a sequence that `next` did not know; `UNKNOWN` when there is no more room. */
  add(sequence: number, key: number): number {
    if (sequence === UNKNOWN || this.#size === MAX_NODES) return UNKNOWN
    let branches = 0
    for (let child = this.#children[sequence]!; child !== 0; child = this.#siblings[child]!) branches++
    if (branches === MAX_BRANCHES) return UNKNOWN
    const node = this.#size++
    this.#keys[node] = key
    this.#siblings[node] = this.#children[sequence]!
    this.#children[sequence] = node
    this.#children[node] = 0
    this.#orders[node] = undefined
    return node
  }

  /** Positions of the keys in the order of their bytes, of equal ones only the first. `ids` are the keys of the sequence. */
  orderOf(sequence: number, ids: Uint32Array, count: number): Uint32Array {
    if (sequence === UNKNOWN) return this.#sort(ids, count)
    return (this.#orders[sequence] ??= this.#sort(ids, count))
  }

  clear(): void {
    this.#size = 1
    this.#children[ROOT] = 0
    this.#orders.length = 1
  }

  #sort(ids: Uint32Array, count: number): Uint32Array {
    const { dictionary } = this.#column
    const positions = Uint32Array.from({ length: count }, (_, position) => position)
    positions.sort((a, b) => (ids[a] === ids[b] ? a - b : dictionary.compare(ids[a]!, ids[b]!)))
    return positions.filter((position, at) => at === 0 || ids[position] !== ids[positions[at - 1]!])
  }
}
