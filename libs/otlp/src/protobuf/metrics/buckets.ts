import { type ArrayColumn, type BlockBuilder, FixedColumn } from '@ballast/clickhouse'
import { LEN, VARINT, WireReader } from '../wire-reader.ts'
import { NumberList } from './number-list.ts'

/** The `Buckets` of one sign of an exponential histogram, on their way into their two columns. */
export class Buckets {
  readonly #offsetColumn: FixedColumn
  readonly #countsColumn: ArrayColumn<FixedColumn>
  readonly #reader = new WireReader()
  readonly #counts = new NumberList()
  #offset = 0

  constructor(builder: BlockBuilder, sign: 'Positive' | 'Negative') {
    this.#offsetColumn = builder.column(`${sign}Offset`, FixedColumn)
    this.#countsColumn = builder.arrayColumn(`${sign}BucketCounts`, FixedColumn)
  }

  clear(): void {
    this.#offset = 0
    this.#counts.clear()
  }

  /** Reads `source[start, stop)`, which adds to the parts before it. */
  read(source: Buffer, start: number, stop: number): void {
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | VARINT:
          this.#offset = reader.sint32()
          break
        case (2 << 3) | LEN:
          this.#counts.takePackedVarints(reader)
          break
        case (2 << 3) | VARINT:
          this.#counts.takeVarint(reader)
          break
        default:
          reader.skip()
      }
    }
  }

  /** Adds a row. */
  write(source: Buffer): void {
    this.#offsetColumn.append32(this.#offset)
    this.#counts.writeVarints(this.#countsColumn, source)
  }
}
