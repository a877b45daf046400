import { ClickHouseError, tableNames } from '@ballast/clickhouse'
import { rejectsBlock } from '@ballast/otlp'
import type { Counters } from '../counters.ts'
import type { JournalRecord } from '../journal/journal-record.ts'
import type { BlockStore } from './block-store.ts'
import { halve } from './insert-halves.ts'
import { type PlannedBlock, type PlannedInsert, planInserts } from './insert-plan.ts'

export interface SegmentInserterOptions {
  readonly store: BlockStore
  readonly counters: Pick<Counters, 'inserted' | 'stored' | 'rejected' | 'quarantineLost' | 'viewRefused'>
  /** A materialized view did not take the rows of an insert; its table has them. */
  readonly onViewRefused: (error: ClickHouseError) => void
  /** Time for one insert, milliseconds. */
  readonly timeoutMs: number
  /** Milliseconds. */
  readonly now: () => number
  /** Aborted when the app cannot wait any longer. */
  readonly signal: AbortSignal
}

/** How much is done to find bad rows: when most rows are bad, finding each would keep all others waiting. */
interface Search {
  /** Inserts that may still fail before what remains is given up as it is. */
  left: number
}

/** Enough for five bad rows among 65,536 in a hundred requests. */
const MAX_FAILED_INSERTS = 96

/**
 * Inserts segments. A repeat sends the same bytes with the same tokens, so what was stored before counts once. When ClickHouse
 * refuses the data of an insert, it is halved until the bad rows are found; they go to the quarantine, and the others are stored.
 * When a view refuses them, the table may have them already, so the insert goes again as it is, without that view.
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
    const inserts = planInserts(segmentId, records)
    const outcomes = await Promise.allSettled(inserts.map((each) => this.#insert(each, done, { left: MAX_FAILED_INSERTS })))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #insert(insert: PlannedInsert, done: Set<string>, search: Search): Promise<void> {
    if (done.has(insert.token)) return
    const error = await this.#tryInsert(insert)
    if (error === undefined) this.#countStored(insert.blocks)
    else {
      const halves = --search.left > 0 ? halve(insert) : undefined
      if (halves === undefined) await this.#quarantine(insert, error)
      else for (const half of halves) await this.#insert(half, done, search)
    }
    done.add(insert.token)
  }

  /** Returns the error when the data is to blame; throws any other. */
  async #tryInsert(insert: PlannedInsert, ignoreViewErrors = false): Promise<ClickHouseError | undefined> {
    const { store, counters, timeoutMs, now, signal, onViewRefused } = this.#options
    const { blocks, token: deduplicationToken } = insert
    const { table, columns, format } = blocks[0]!
    const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
    const startedAt = now()
    const count = (outcome: 'stored' | 'failed'): void => counters.inserted(table, rows, (now() - startedAt) / 1000, outcome)
    try {
      await store.insertBlock({ table, columns, format, body: blocks.map((block) => block.body), deduplicationToken, ignoreViewErrors, timeoutMs, signal })
      count('stored')
      return undefined
    } catch (thrown) {
      count('failed')
      const error = thrown instanceof ClickHouseError ? thrown : new ClickHouseError('REFUSED', String(thrown), { cause: thrown })
      if (error.code === 'BAD_DATA') return error
      if (error.code === 'VIEW_REFUSED' && !ignoreViewErrors) {
        onViewRefused(error)
        counters.viewRefused(table)
        return this.#tryInsert(insert, true)
      }
      throw error
    }
  }

  /** Keeps what ClickHouse cannot store, as it was to be inserted. Its sender was told that it was accepted, so it must be found. */
  async #quarantine({ blocks, token }: PlannedInsert, error: ClickHouseError): Promise<void> {
    for (const [index, block] of blocks.entries()) {
      const { counters } = this.#options
      const { signal, tenantId, acceptedAtMs, sequence } = block.record
      if (block.table === tableNames.rejects) {
        counters.quarantineLost(block.rows)
        continue
      }
      const source = { signal, tenantId, requestId: `journal-${sequence}`, receivedAtUnixNano: BigInt(acceptedAtMs) * 1_000_000n }
      const detail = `${block.rows} ${block.rows === 1 ? 'row' : 'rows'} for ${block.table}: ${error.message}`
      const rejects = rejectsBlock([{ reason: 'bad_data', detail, encoding: block.format, raw: block.body }], source)
      const failure = await this.#tryInsert({ blocks: [{ ...rejects, record: block.record }], token: `${token}.rejected.${index}` })
      if (failure !== undefined) counters.quarantineLost(block.rows)
      counters.rejected(block.record, 'bad_data', block.rows)
    }
  }

  #countStored(blocks: readonly PlannedBlock[]): void {
    // What is in the quarantine was counted when it was rejected.
    for (const block of blocks) if (block.table !== tableNames.rejects) this.#options.counters.stored(block)
  }
}
