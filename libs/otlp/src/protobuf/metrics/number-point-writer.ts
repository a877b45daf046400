import { BlockBuilder, FixedColumn, type TableDefinition } from '@ballast/clickhouse'
import { Tally } from '../../record/tally.ts'
import type { TranscodeOptions } from '../../transcoded-block.ts'
import { FieldRanges } from '../field-range.ts'
import type { Flaw } from '../flaw.ts'
import type { ValueWriter } from '../value-writer.ts'
import { I64, LEN, VARINT, WireReader } from '../wire-reader.ts'
import { ExemplarWriter } from './exemplar-writer.ts'
import type { MetricFields } from './metric-fields.ts'
import { NumberValue } from './number-value.ts'
import { PointColumns } from './point-columns.ts'
import type { PointWriter } from './point-writer.ts'

/** Writes the `NumberDataPoint`s of gauges or sums. */
export class NumberPointWriter implements PointWriter {
  readonly table: string
  readonly builder: BlockBuilder
  readonly columns: PointColumns
  readonly #exemplarWriter: ExemplarWriter
  readonly #valueColumn: FixedColumn
  /** Only sums have these two. */
  readonly #aggregationTemporality: FixedColumn | undefined
  readonly #isMonotonic: FixedColumn | undefined
  readonly #reader = new WireReader()
  readonly #value = new NumberValue()
  readonly #exemplars = new FieldRanges()
  #tally = new Tally()

  constructor(table: TableDefinition, flaw: Flaw, values: ValueWriter) {
    this.table = table.name
    this.builder = BlockBuilder.forTable(table)
    this.columns = new PointColumns(this.builder, flaw, values)
    this.#exemplarWriter = new ExemplarWriter(this.builder, flaw, values)
    this.#valueColumn = this.builder.column('Value', FixedColumn)
    const isSum = this.builder.columnNames.includes('IsMonotonic')
    this.#aggregationTemporality = isSum ? this.builder.column('AggregationTemporality', FixedColumn) : undefined
    this.#isMonotonic = isSum ? this.builder.column('IsMonotonic', FixedColumn) : undefined
  }

  begin(options: TranscodeOptions, tally: Tally): void {
    this.#tally = tally
    this.builder.clear()
    this.columns.begin(options, tally)
    this.#exemplarWriter.clear()
  }

  write(source: Buffer, start: number, stop: number, metric: MetricFields): boolean {
    this.#read(source, start, stop)
    if (!this.columns.isStorable()) return false
    this.columns.write(source, metric)
    this.#value.append(this.#valueColumn)
    this.#exemplarWriter.writeRow(source, this.#exemplars, this.#tally)
    this.#aggregationTemporality?.append32(metric.aggregationTemporality)
    this.#isMonotonic?.append8(metric.isMonotonic ? 1 : 0)
    return true
  }

  #read(source: Buffer, start: number, stop: number): void {
    const { columns } = this
    columns.beginPoint()
    this.#value.clear()
    this.#exemplars.clear()
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (2 << 3) | I64:
          columns.takeStartTime(reader)
          break
        case (3 << 3) | I64:
          columns.takeTime(reader)
          break
        case (4 << 3) | I64:
          this.#value.takeDouble(reader)
          break
        case (5 << 3) | LEN:
          this.#exemplars.take(reader)
          break
        case (6 << 3) | I64:
          this.#value.takeInteger(reader)
          break
        case (7 << 3) | LEN:
          reader.range()
          columns.attributes.add(source, reader.start, reader.stop)
          break
        case (8 << 3) | VARINT:
          columns.takeFlags(reader)
          break
        default:
          reader.skip()
      }
    }
  }
}
