import { Batcher, type BatcherOptions } from './batcher.ts'
import type { Block, InsertOutcome } from './block-store.ts'

/** One batcher for each table and format, made when its first block comes: an insert has one format. */
export class Batchers {
  readonly #options: BatcherOptions
  readonly #byKind = new Map<string, Batcher>()
  #draining = false

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  append(block: Block): Promise<InsertOutcome> {
    const kind = `${block.table} ${block.format}`
    let batcher = this.#byKind.get(kind)
    if (batcher === undefined) {
      batcher = new Batcher(this.#options)
      if (this.#draining) batcher.drain()
      this.#byKind.set(kind, batcher)
    }
    return batcher.append(block)
  }

  /** Age of the oldest block of any table, milliseconds. */
  get oldestAgeMs(): number {
    return Math.max(0, ...[...this.#byKind.values()].map((batcher) => batcher.oldestAgeMs))
  }

  drain(): void {
    this.#draining = true
    for (const batcher of this.#byKind.values()) batcher.drain()
  }
}
