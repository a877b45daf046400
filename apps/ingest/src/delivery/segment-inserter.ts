import { ClickHouseError, tableNames } from '@ballast/clickhouse'
import { rejectsBlock } from '@ballast/otlp'
import type { Counters } from '../counters.ts'
import type { JournalRecord } from '../journal/journal-record.ts'
import type { BlockStore } from './block-store.ts'
import { type PlannedBlock, type PlannedInsert, planInserts } from './insert-plan.ts'

export interface SegmentInserterOptions {
  readonly store: BlockStore
  readonly counters: Pick<Counters, 'inserted' | 'stored' | 'rejected' | 'quarantineLost'>
  /** Time for one insert, milliseconds. */
  readonly timeoutMs: number
  /** Milliseconds. */
  readonly now: () => number
  /** Aborted when the app cannot wait any longer. */
  readonly signal: AbortSignal
}

/**
 * Inserts segments. A repeat sends the same bytes with the same tokens, so what was stored before counts once. Data that
 * ClickHouse refuses is looked for request by request, so that one request cannot fail the others, and goes to the quarantine.
 */
export class SegmentInserter {
  readonly #options: SegmentInserterOptions

  constructor(options: SegmentInserterOptions) {
    this.#options = options
  }

  /**
   * Inserts what is not in `done` yet, and adds to it.
   *
   * @param done - tokens of inserts that are stored.
   * @throws ClickHouseError that is no fault of the data: the segment is to be sent again.
   */
  async insert(segmentId: string, records: readonly JournalRecord[], done: Set<string>): Promise<void> {
    const inserts = planInserts(segmentId, records).filter(({ token }) => !done.has(token))
    const outcomes = await Promise.allSettled(inserts.map((each) => this.#insert(each, done)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #insert({ blocks, token }: PlannedInsert, done: Set<string>): Promise<void> {
    const error = await this.#tryInsert(blocks, token)
    if (error === undefined) this.#countStored(blocks)
    else if (blocks.length === 1) await this.#quarantine(blocks[0]!, token, error)
    else {
      for (const block of blocks) {
        const ownToken = `${token}.${block.record.sequence}`
        if (!done.has(ownToken)) await this.#insert({ blocks: [block], token: ownToken }, done)
      }
    }
    done.add(token)
  }

  /** Returns the error when the data is to blame; throws any other. */
  async #tryInsert(blocks: readonly PlannedBlock[], deduplicationToken: string): Promise<ClickHouseError | undefined> {
    const { store, counters, timeoutMs, now, signal } = this.#options
    const { table, columns, format } = blocks[0]!
    const rows = rowsOf(blocks)
    const startedAt = now()
    const count = (outcome: 'stored' | 'failed'): void => counters.inserted(table, rows, (now() - startedAt) / 1000, outcome)
    try {
      await store.insertBlock({ table, columns, format, body: blocks.map((block) => block.body), deduplicationToken, timeoutMs, signal })
      count('stored')
      return undefined
    } catch (thrown) {
      count('failed')
      const error = thrown instanceof ClickHouseError ? thrown : new ClickHouseError('REFUSED', String(thrown), { cause: thrown })
      if (error.code === 'BAD_DATA') return error
      throw error
    }
  }

  /** Keeps what ClickHouse cannot store, as it was to be inserted. Its sender was told that it was accepted, so it must be found. */
  async #quarantine(block: PlannedBlock, token: string, error: ClickHouseError): Promise<void> {
    const { counters } = this.#options
    const { signal, tenantId, acceptedAtMs, sequence } = block.record
    if (block.table === tableNames.rejects) {
      counters.quarantineLost(block.rows)
      return
    }
    const source = { signal, tenantId, requestId: `journal-${sequence}`, receivedAtUnixNano: BigInt(acceptedAtMs) * 1_000_000n } as const
    const rejects = rejectsBlock([{ reason: 'bad_data', detail: `${block.rows} rows for ${block.table}: ${error.message}`, encoding: block.format, raw: block.body }], source)
    const failure = await this.#tryInsert([{ ...rejects, record: block.record }], `${token}.rejected`)
    if (failure !== undefined) counters.quarantineLost(block.rows)
    counters.rejected(signal, 'bad_data', block.rows)
  }

  #countStored(blocks: readonly PlannedBlock[]): void {
    // What is in the quarantine was counted when it was rejected.
    for (const { table, record, rows } of blocks) if (table !== tableNames.rejects) this.#options.counters.stored(record.signal, rows)
  }
}

function rowsOf(blocks: readonly PlannedBlock[]): number {
  return blocks.reduce((sum, block) => sum + block.rows, 0)
}
