import { MapColumn, tables } from '@ballast/clickhouse'
import { Tally } from '../../record/tally.ts'
import type { TranscodeOptions } from '../../transcoded-block.ts'
import type { FieldRange } from '../field-range.ts'
import { Flaw } from '../flaw.ts'
import { GroupAttributes } from '../group-attributes.ts'
import type { OnRecord, RecordWriter, ResourceGroup, ScopeGroup } from '../record-writer.ts'
import { isUtf8Text } from '../utf8-text.ts'
import { ValueWriter } from '../value-writer.ts'
import { LEN, WireReader } from '../wire-reader.ts'
import { ExponentialHistogramPointWriter } from './exponential-histogram-point-writer.ts'
import { HistogramPointWriter } from './histogram-point-writer.ts'
import { EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, MetricFields, SUM, SUMMARY } from './metric-fields.ts'
import type { MetricGroup } from './metric-group.ts'
import { NumberPointWriter } from './number-point-writer.ts'
import type { PointWriter } from './point-writer.ts'
import { SummaryPointWriter } from './summary-point-writer.ts'

/** Field 1 of the data of every kind. */
const DATA_POINT = (1 << 3) | LEN

/** Writes the data points of metrics into the tables of their kinds. */
export class MetricWriter implements RecordWriter {
  readonly flaw = new Flaw()
  #tally = new Tally()
  readonly #values = new ValueWriter(this.flaw, this.#tally)
  /** Attributes of resource and scope are encoded here once, for whichever tables the group's metrics need. */
  readonly #resourceColumn = new MapColumn()
  readonly #scopeColumn = new MapColumn()
  readonly resourceAttributes = new GroupAttributes(this.#resourceColumn, this.flaw, this.#values)
  readonly scopeAttributes = new GroupAttributes(this.#scopeColumn, this.flaw, this.#values)
  readonly #gauge = new NumberPointWriter(tables.metricsGauge, this.flaw, this.#values)
  readonly #sum = new NumberPointWriter(tables.metricsSum, this.flaw, this.#values)
  readonly #histogram = new HistogramPointWriter(this.flaw, this.#values)
  readonly #exponentialHistogram = new ExponentialHistogramPointWriter(this.flaw, this.#values)
  readonly #summary = new SummaryPointWriter(this.flaw, this.#values)
  readonly tables: readonly PointWriter[] = [this.#gauge, this.#sum, this.#histogram, this.#exponentialHistogram, this.#summary]
  readonly #metric = new MetricFields()
  readonly #reader = new WireReader()
  #group: MetricGroup | undefined
  #points: PointWriter = this.#gauge
  #metricIsText = true

  begin(options: TranscodeOptions, tally: Tally): void {
    this.#tally = tally
    this.#values.begin(tally)
    this.#resourceColumn.clear()
    this.#scopeColumn.clear()
    this.resourceAttributes.clear()
    this.scopeAttributes.clear()
    for (const points of this.tables) points.begin(options, tally)
  }

  beginScope(resource: ResourceGroup, scope: ScopeGroup): void {
    this.#group = { resource, resourceColumn: this.#resourceColumn, scope, scopeColumn: this.#scopeColumn }
  }

  split(source: Buffer, start: number, stop: number, onRecord: OnRecord): void {
    const metric = this.#metric
    metric.read(source, start, stop)
    const points = this.#pointsOf(metric.kind)
    if (points === undefined || this.#group === undefined) {
      this.#tally.warn('metric_without_data')
      return
    }
    this.#points = points
    this.#metricIsText = isText(source, metric.name) && isText(source, metric.description) && isText(source, metric.unit)
    if (this.#metricIsText) points.columns.beginMetric(source, metric, this.#group)
    const reader = this.#reader
    for (let part = 0; part < metric.data.count; part++) {
      reader.open(source, metric.data.start(part), metric.data.stop(part))
      while (reader.next()) {
        if (reader.tag === DATA_POINT) {
          reader.range()
          onRecord(reader.start, reader.stop)
        } else reader.skip()
      }
    }
  }

  write(source: Buffer, start: number, stop: number): boolean {
    const { flaw } = this
    let written = false
    if (this.#metricIsText) written = this.#points.write(source, start, stop, this.#metric)
    else flaw.notUtf8('the name, description or unit of the metric')
    if (flaw.reason !== undefined) {
      const { name } = this.#metric
      // The bytes of a data point do not say what they are of.
      flaw.detail = `${this.#points.table.replace('otel_metrics_', '')} ${JSON.stringify(source.toString('utf8', name.start, name.stop))}: ${flaw.detail}`
    }
    return written
  }

  #pointsOf(kind: number): PointWriter | undefined {
    switch (kind) {
      case GAUGE:
        return this.#gauge
      case SUM:
        return this.#sum
      case HISTOGRAM:
        return this.#histogram
      case EXPONENTIAL_HISTOGRAM:
        return this.#exponentialHistogram
      case SUMMARY:
        return this.#summary
      default:
        return undefined
    }
  }
}

function isText(source: Buffer, { start, stop }: FieldRange): boolean {
  return isUtf8Text(source, start, stop)
}
