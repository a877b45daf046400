import { BlockBuilder, FixedColumn, tables } from '@ballast/clickhouse'
import { Tally } from '../../record/tally.ts'
import type { TranscodeOptions } from '../../transcoded-block.ts'
import { FieldRanges } from '../field-range.ts'
import type { Flaw } from '../flaw.ts'
import type { ValueWriter } from '../value-writer.ts'
import { I64, LEN, VARINT, WireReader } from '../wire-reader.ts'
import { Buckets } from './buckets.ts'
import { ExemplarWriter } from './exemplar-writer.ts'
import { Fixed64 } from './fixed64.ts'
import type { MetricFields } from './metric-fields.ts'
import { PointColumns } from './point-columns.ts'
import type { PointWriter } from './point-writer.ts'

/** Writes the `ExponentialHistogramDataPoint`s of exponential histograms. The table has no column for the zero threshold. */
export class ExponentialHistogramPointWriter implements PointWriter {
  readonly table = tables.metricsExponentialHistogram.name
  readonly builder = BlockBuilder.forTable(tables.metricsExponentialHistogram)
  readonly columns: PointColumns
  readonly #exemplarWriter: ExemplarWriter
  readonly #count = new Fixed64(this.builder.column('Count', FixedColumn))
  readonly #sum = new Fixed64(this.builder.column('Sum', FixedColumn))
  readonly #zeroCount = new Fixed64(this.builder.column('ZeroCount', FixedColumn))
  readonly #positive = new Buckets(this.builder, 'Positive')
  readonly #negative = new Buckets(this.builder, 'Negative')
  readonly #min = new Fixed64(this.builder.column('Min', FixedColumn))
  readonly #max = new Fixed64(this.builder.column('Max', FixedColumn))
  readonly #scaleColumn = this.builder.column('Scale', FixedColumn)
  readonly #aggregationTemporality = this.builder.column('AggregationTemporality', FixedColumn)
  readonly #reader = new WireReader()
  readonly #exemplars = new FieldRanges()
  #scale = 0
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
    this.#scaleColumn.append32(this.#scale)
    this.#zeroCount.write()
    this.#positive.write(source)
    this.#negative.write(source)
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
    this.#scale = 0
    this.#zeroCount.clear()
    this.#positive.clear()
    this.#negative.clear()
    this.#exemplars.clear()
    this.#min.clear()
    this.#max.clear()
  }

  #read(source: Buffer, start: number, stop: number): void {
    const { columns } = this
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | LEN:
          reader.range()
          columns.attributes.add(source, reader.start, reader.stop)
          break
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
        case (6 << 3) | VARINT:
          this.#scale = reader.sint32()
          break
        case (7 << 3) | I64:
          this.#zeroCount.take(reader)
          break
        case (8 << 3) | LEN:
          reader.range()
          this.#positive.read(source, reader.start, reader.stop)
          break
        case (9 << 3) | LEN:
          reader.range()
          this.#negative.read(source, reader.start, reader.stop)
          break
        case (10 << 3) | VARINT:
          columns.takeFlags(reader)
          break
        case (11 << 3) | LEN:
          this.#exemplars.take(reader)
          break
        case (12 << 3) | I64:
          this.#min.take(reader)
          break
        case (13 << 3) | I64:
          this.#max.take(reader)
          break
        default:
          reader.skip()
      }
    }
  }
}
