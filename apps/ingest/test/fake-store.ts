import { ClickHouseError, type NativeValue, readNativeBlocks } from '@ballast/clickhouse'
import type { BlockStore, StoredBatch } from '../src/delivery/block-store.ts'

/** A store in memory: refuses what it is told to refuse. */
export class FakeStore implements BlockStore {
  readonly attempts: StoredBatch[] = []
  /** Rows of Native inserts, by column. */
  readonly rows: Record<string, NativeValue>[] = []
  /** Thrown by the next attempts, one each. */
  failures: ClickHouseError[] = []
  /** Rows that hold this text are bad data. */
  poison: string | undefined
  /** While set, only in this table. */
  onlyTable: string | undefined
  /** While set, inserts wait for it. */
  gate: Promise<void> | undefined

  async insertBlock(batch: StoredBatch): Promise<void> {
    this.attempts.push(batch)
    await this.gate
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
    const body = Buffer.concat(batch.body)
    if (this.poison !== undefined && (this.onlyTable ?? batch.table) === batch.table && body.includes(this.poison)) throw new ClickHouseError('BAD_DATA', 'cannot parse')
    if (batch.format !== 'Native') return
    for (const { rows, columns } of readNativeBlocks(body)) {
      for (let row = 0; row < rows; row++) this.rows.push(Object.fromEntries(columns.map(({ name, values }) => [name, values[row]!])))
    }
  }
}

export const unreachable = (): ClickHouseError => new ClickHouseError('UNREACHABLE', 'connection refused')
