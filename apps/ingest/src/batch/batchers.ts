import { Batcher, type BatcherOptions } from './batcher.ts'
import type { Block, InsertOutcome } from './block-store.ts'

/** One batcher for each table, made when its first block comes. All blocks of a table have one format. */
export class Batchers {
  readonly #options: BatcherOptions
  readonly #byTable = new Map<string, Batcher>()
  #draining = false

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  append(block: Block): Promise<InsertOutcome> {
    let batcher = this.#byTable.get(block.table)
    if (batcher === undefined) {
      batcher = new Batcher(this.#options)
      if (this.#draining) batcher.drain()
      this.#byTable.set(block.table, batcher)
    }
    return batcher.append(block)
  }

  /** Age of the oldest block of any table, milliseconds. */
  get oldestAgeMs(): number {
    return Math.max(0, ...[...this.#byTable.values()].map((batcher) => batcher.oldestAgeMs))
  }

  drain(): void {
    this.#draining = true
    for (const batcher of this.#byTable.values()) batcher.drain()
  }
}
