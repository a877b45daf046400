import { BlockBuilder, FixedColumn, tables } from '@ballast/clickhouse'
import { Tally } from '../../record/tally.ts'
import type { TranscodeOptions } from '../../transcoded-block.ts'
import { FieldRanges } from '../field-range.ts'
import type { Flaw } from '../flaw.ts'
import type { ValueWriter } from '../value-writer.ts'
import { I64, LEN, VARINT, WireReader } from '../wire-reader.ts'
import { ExemplarWriter } from './exemplar-writer.ts'
import { Fixed64 } from './fixed64.ts'
import type { MetricFields } from './metric-fields.ts'
import { NumberList } from './number-list.ts'
import { PointColumns } from './point-columns.ts'
import type { PointWriter } from './point-writer.ts'

/** Writes the `HistogramDataPoint`s of histograms. */
export class HistogramPointWriter implements PointWriter {
  readonly table = tables.metricsHistogram.name
  readonly builder = BlockBuilder.forTable(tables.metricsHistogram)
  readonly columns: PointColumns
  readonly #exemplarWriter: ExemplarWriter
  readonly #bucketCountsColumn = this.builder.arrayColumn('BucketCounts', FixedColumn)
  readonly #explicitBoundsColumn = this.builder.arrayColumn('ExplicitBounds', FixedColumn)
  readonly #count = new Fixed64(this.builder.column('Count', FixedColumn))
  readonly #sum = new Fixed64(this.builder.column('Sum', FixedColumn))
  readonly #min = new Fixed64(this.builder.column('Min', FixedColumn))
  readonly #max = new Fixed64(this.builder.column('Max', FixedColumn))
  readonly #aggregationTemporality = this.builder.column('AggregationTemporality', FixedColumn)
  readonly #reader = new WireReader()
  readonly #bucketCounts = new NumberList()
  readonly #explicitBounds = new NumberList()
  readonly #exemplars = new FieldRanges()
  #tally = new Tally()

  constructor(flaw: Flaw, values: ValueWriter) {
    this.columns = new PointColumns(this.builder, flaw, values)
    this.#exemplarWriter = new ExemplarWriter(this.builder, flaw, values)
  }

  begin(options: TranscodeOptions, tally: Tally): void {
    this.#tally = tally
    this.builder.clear()
    this.columns.begin(options, tally)
    this.#exemplarWriter.clear()
  }

  write(source: Buffer, start: number, stop: number, metric: MetricFields): boolean {
    this.#clear()
    this.#read(source, start, stop)
    if (!this.columns.isStorable()) return false
    this.columns.write(source, metric)
    this.#count.write()
    this.#sum.write()
    this.#bucketCounts.writeFixed(this.#bucketCountsColumn, source)
    this.#explicitBounds.writeFixed(this.#explicitBoundsColumn, source)
    this.#exemplarWriter.writeRow(source, this.#exemplars, this.#tally)
    this.#min.write()
    this.#max.write()
    this.#aggregationTemporality.append32(metric.aggregationTemporality)
    return true
  }

  #clear(): void {
    this.columns.beginPoint()
    this.#count.clear()
    this.#sum.clear()
    this.#bucketCounts.clear()
    this.#explicitBounds.clear()
    this.#exemplars.clear()
    this.#min.clear()
    this.#max.clear()
  }

  #read(source: Buffer, start: number, stop: number): void {
    const { columns } = this
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
          this.#bucketCounts.takePackedFixed(reader)
          break
        case (6 << 3) | I64:
          this.#bucketCounts.takeFixed(reader)
          break
        case (7 << 3) | LEN:
          this.#explicitBounds.takePackedFixed(reader)
          break
        case (7 << 3) | I64:
          this.#explicitBounds.takeFixed(reader)
          break
        case (8 << 3) | LEN:
          this.#exemplars.take(reader)
          break
        case (9 << 3) | LEN:
          reader.range()
          columns.attributes.add(source, reader.start, reader.stop)
          break
        case (10 << 3) | VARINT:
          columns.takeFlags(reader)
          break
        case (11 << 3) | I64:
          this.#min.take(reader)
          break
        case (12 << 3) | I64:
          this.#max.take(reader)
          break
        default:
          reader.skip()
      }
    }
  }
}
