import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { ClickHouseError } from '@ballast/clickhouse'
import type { Counters } from '../counters.ts'
import { fullJitter } from './backoff.ts'
import type { Block, BlockStore, InsertOutcome } from './block-store.ts'

export interface BatchWriterOptions {
  readonly store: BlockStore
  readonly counters: Pick<Counters, 'inserted'>
  /** Told after each attempt, so that the rest of the app knows whether ClickHouse takes inserts. */
  readonly onAttempt: (error: ClickHouseError | undefined, attempt: number) => void
  /** Time for one attempt, milliseconds; less when the deadline is nearer. */
  readonly attemptTimeoutMs: number
  /** Milliseconds. */
  readonly now: () => number
  readonly random: () => number
  /** Aborted when the app cannot wait any longer. */
  readonly signal: AbortSignal
}

/**
 * Inserts batches. A repeat sends the same bytes with the same token, so an insert whose answer was lost counts once.
 * Data that ClickHouse refuses is looked for request by request, so that one request cannot fail the others.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions

  constructor(options: BatchWriterOptions) {
    this.#options = options
  }

  /** Writes the blocks as one insert before `deadline`; one outcome for each block, in order. Never rejects. */
  async write(blocks: readonly Block[], deadline: number): Promise<readonly InsertOutcome[]> {
    const outcome = await this.#insert(blocks, deadline)
    if (outcome.kind !== 'bad-data' || blocks.length === 1) return blocks.map(() => outcome)
    const outcomes: InsertOutcome[] = []
    for (const block of blocks) outcomes.push(await this.#insert([block], deadline))
    return outcomes
  }

  async #insert(blocks: readonly Block[], deadline: number): Promise<InsertOutcome> {
    const { store, counters, onAttempt, attemptTimeoutMs, now, random, signal } = this.#options
    const { table, columns, format } = blocks[0]!
    const batch = { table, columns, format, body: blocks.map((block) => block.body), deduplicationToken: token(blocks), signal }
    const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
    let failure = 'the insert could not begin in time'
    for (let attempt = 1; now() < deadline && !signal.aborted; attempt++) {
      const startedAt = now()
      const seconds = (): number => (now() - startedAt) / 1000
      try {
        await store.insertBlock({ ...batch, timeoutMs: Math.max(1, Math.min(attemptTimeoutMs, deadline - startedAt)) })
        counters.inserted(table, rows, seconds(), 'stored')
        onAttempt(undefined, attempt)
        return { kind: 'stored' }
      } catch (thrown) {
        counters.inserted(table, rows, seconds(), 'failed')
        const error = thrown instanceof ClickHouseError ? thrown : new ClickHouseError('REFUSED', String(thrown), { cause: thrown })
        if (error.code === 'BAD_DATA') return { kind: 'bad-data', message: error.message }
        onAttempt(error, attempt)
        failure = error.message
        if (!error.retryable) break
      }
      const wait = fullJitter(attempt, random)
      // An attempt with hardly any time could only fail, and would hide why the others did.
      if (now() + wait + attemptTimeoutMs / 10 >= deadline) break
      // Aborted means stopped waiting: the loop's condition ends it.
      await delay(wait, undefined, { signal }).catch(() => undefined)
    }
    return { kind: 'unavailable', message: failure }
  }
}

/** Names an insert by what it holds. */
function token(blocks: readonly Block[]): string {
  const hash = createHash('sha256').update(blocks[0]!.table)
  for (const block of blocks) hash.update(`\n${block.body.length}\n`).update(block.body)
  return hash.digest('hex')
}
