import { ClickHouseError } from '@ballast/clickhouse'
import type { BlockStore, StoredBatch } from '../src/batch/block-store.ts'

/** A store in memory: refuses what it is told to refuse. */
export class FakeStore implements BlockStore {
  readonly attempts: StoredBatch[] = []
  readonly rows: string[] = []
  /** Thrown by the next attempts, one each. */
  failures: ClickHouseError[] = []
  /** Rows that hold this text are bad data. */
  poison: string | undefined
  /** While set, inserts wait for it. */
  gate: Promise<void> | undefined

  async insertBlock(batch: StoredBatch): Promise<void> {
    this.attempts.push(batch)
    await this.gate
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
    const text = Buffer.concat(batch.body).toString()
    if (this.poison !== undefined && text.includes(this.poison)) throw new ClickHouseError('BAD_DATA', 'cannot parse')
    if (batch.format === 'JSONEachRow') this.rows.push(...text.split('\n').filter(Boolean))
  }
}

export const unreachable = (): ClickHouseError => new ClickHouseError('UNREACHABLE', 'connection refused')
