import { BlockBuilder, FixedColumn, tables } from '@ballast/clickhouse'
import type { Tally } from '../../record/tally.ts'
import type { TranscodeOptions } from '../../transcoded-block.ts'
import { FieldRanges } from '../field-range.ts'
import type { Flaw } from '../flaw.ts'
import type { ValueWriter } from '../value-writer.ts'
import { I64, LEN, VARINT, WireReader } from '../wire-reader.ts'
import { Fixed64 } from './fixed64.ts'
import type { MetricFields } from './metric-fields.ts'
import { PointColumns } from './point-columns.ts'
import type { PointWriter } from './point-writer.ts'

/** Writes the `SummaryDataPoint`s of summaries. */
export class SummaryPointWriter implements PointWriter {
  readonly table = tables.metricsSummary.name
  readonly builder = BlockBuilder.forTable(tables.metricsSummary)
  readonly columns: PointColumns
  readonly #quantileRows = this.builder.arrayColumn('ValueAtQuantiles.Quantile', FixedColumn)
  readonly #valueRows = this.builder.arrayColumn('ValueAtQuantiles.Value', FixedColumn)
  readonly #count = new Fixed64(this.builder.column('Count', FixedColumn))
  readonly #sum = new Fixed64(this.builder.column('Sum', FixedColumn))
  readonly #quantile = new Fixed64(this.#quantileRows.items)
  readonly #value = new Fixed64(this.#valueRows.items)
  readonly #reader = new WireReader()
  readonly #quantiles = new FieldRanges()

  constructor(flaw: Flaw, values: ValueWriter) {
    this.columns = new PointColumns(this.builder, flaw, values)
  }

  begin(options: TranscodeOptions, tally: Tally): void {
    this.builder.clear()
    this.columns.begin(options, tally)
  }

  write(source: Buffer, start: number, stop: number, metric: MetricFields): boolean {
    this.#read(source, start, stop)
    if (!this.columns.isStorable()) return false
    this.columns.write(source, metric)
    this.#count.write()
    this.#sum.write()
    const quantiles = this.#quantiles
    for (let at = 0; at < quantiles.count; at++) this.#writeQuantile(source, quantiles.start(at), quantiles.stop(at))
    this.#quantileRows.endRow()
    this.#valueRows.endRow()
    return true
  }

  #read(source: Buffer, start: number, stop: number): void {
    const { columns } = this
    columns.beginPoint()
    this.#count.clear()
    this.#sum.clear()
    this.#quantiles.clear()
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
          this.#count.take(reader)
          break
        case (5 << 3) | I64:
          this.#sum.take(reader)
          break
        case (6 << 3) | LEN:
          this.#quantiles.take(reader)
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

  #writeQuantile(source: Buffer, start: number, stop: number): void {
    this.#quantile.clear()
    this.#value.clear()
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | I64:
          this.#quantile.take(reader)
          break
        case (2 << 3) | I64:
          this.#value.take(reader)
          break
        default:
          reader.skip()
      }
    }
    this.#quantile.write()
    this.#value.write()
  }
}
