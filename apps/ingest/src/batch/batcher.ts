import type { Block, InsertOutcome } from './block-store.ts'

export interface BatcherOptions {
  /** Rows that close a batch. */
  readonly maxRows: number
  /** Bytes that close a batch. */
  readonly maxBytes: number
  /** Age that closes a batch, milliseconds. */
  readonly maxAgeMs: number
  /** Batches written at once. */
  readonly concurrency: number
  /** Time from a batch's first block to its outcome, milliseconds. */
  readonly deadlineMs: number
  /** Milliseconds. */
  readonly now: () => number
  /** Writes one batch before `deadline`; never rejects. */
  readonly write: (blocks: readonly Block[], deadline: number) => Promise<readonly InsertOutcome[]>
}

interface Waiting {
  readonly block: Block
  readonly resolve: (outcome: InsertOutcome) => void
}

interface Batch {
  readonly openedAt: number
  readonly waiting: Waiting[]
  readonly timer: NodeJS.Timeout
  rows: number
  bytes: number
  /** Old enough to be written. */
  due: boolean
}

/**
 * Collects the blocks of one table into batches: closed by rows, bytes or age, whichever comes first. While all writers are
 * busy, a batch keeps growing up to its size, so that a slow database gets fewer and larger inserts.
 */
export class Batcher {
  readonly #options: BatcherOptions
  readonly #closed: Batch[] = []
  readonly #writing = new Set<Batch>()
  #open: Batch | undefined
  #draining = false

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  /** Adds a block; resolves with what became of it. */
  append(block: Block): Promise<InsertOutcome> {
    return new Promise((resolve) => {
      const batch = (this.#open ??= this.#begin())
      batch.waiting.push({ block, resolve })
      batch.rows += block.rows
      batch.bytes += block.body.length
      if (batch.rows >= this.#options.maxRows || batch.bytes >= this.#options.maxBytes) this.#close()
      this.#pump()
    })
  }

  /** From now on batches do not wait for company. */
  drain(): void {
    this.#draining = true
    if (this.#open !== undefined) this.#open.due = true
    this.#pump()
  }

  /** Age of the oldest block without an outcome, milliseconds. */
  get oldestAgeMs(): number {
    const [oldest] = [...this.#writing, ...this.#closed, ...(this.#open === undefined ? [] : [this.#open])]
    return oldest === undefined ? 0 : this.#options.now() - oldest.openedAt
  }

  #begin(): Batch {
    const timer = setTimeout(() => {
      batch.due = true
      this.#pump()
    }, this.#options.maxAgeMs)
    const batch: Batch = { openedAt: this.#options.now(), waiting: [], timer, rows: 0, bytes: 0, due: this.#draining }
    return batch
  }

  #close(): void {
    if (this.#open === undefined) return
    clearTimeout(this.#open.timer)
    this.#closed.push(this.#open)
    this.#open = undefined
  }

  #pump(): void {
    while (this.#writing.size < this.#options.concurrency) {
      if (this.#closed.length === 0 && this.#open?.due === true) this.#close()
      const batch = this.#closed.shift()
      if (batch === undefined) return
      this.#writing.add(batch)
      void this.#write(batch)
    }
  }

  async #write(batch: Batch): Promise<void> {
    const outcomes = await this.#options.write(
      batch.waiting.map((each) => each.block),
      batch.openedAt + this.#options.deadlineMs,
    )
    batch.waiting.forEach((each, index) => each.resolve(outcomes[index]!))
    this.#writing.delete(batch)
    this.#pump()
  }
}
