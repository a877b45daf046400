import { type BlockBuilder, EncodedTexts, FixedColumn, LowCardinalityColumn, MapColumn, StringColumn } from '@ballast/clickhouse'
import { lateTime } from '../../record/reject-detail.ts'
import { Tally } from '../../record/tally.ts'
import type { TranscodeOptions } from '../../transcoded-block.ts'
import { AttributeWriter } from '../attribute-writer.ts'
import type { Flaw } from '../flaw.ts'
import { NO_PAIRS } from '../group-columns.ts'
import { guardOf, TextIds } from '../text-ids.ts'
import { TimeWindow } from '../time-window.ts'
import { isStorableHigh, unixNano } from '../unix-nano.ts'
import type { ValueWriter } from '../value-writer.ts'
import type { WireReader } from '../wire-reader.ts'
import type { MetricFields } from './metric-fields.ts'
import type { MetricGroup } from './metric-group.ts'

/** Writes the columns that the tables of all kinds of metric have. A point's times and flags are kept here until they are written. */
export class PointColumns {
  readonly attributes: AttributeWriter
  readonly #table: string
  readonly #flaw: Flaw
  readonly #values: ValueWriter
  readonly #resourceAttributes: MapColumn
  readonly #resourceSchemaUrl: StringColumn
  readonly #scopeName: StringColumn
  readonly #scopeVersion: StringColumn
  readonly #scopeAttributes: MapColumn
  readonly #scopeDroppedAttrCount: FixedColumn
  readonly #scopeSchemaUrl: StringColumn
  readonly #serviceName: LowCardinalityColumn
  readonly #metricName: TextIds
  readonly #metricDescription: StringColumn
  readonly #metricUnit: StringColumn
  readonly #startTime: FixedColumn
  readonly #time: FixedColumn
  readonly #flags: FixedColumn
  readonly #tenantId: LowCardinalityColumn
  readonly #times = new TimeWindow()
  #tally = new Tally()
  #receivedLow = 0
  #receivedHigh = 0
  #tenantKey = 0
  #group: MetricGroup | undefined
  #resourceRow = NO_PAIRS
  #scopeRow = NO_PAIRS
  #resourceSchemaUrlEncoded = EncodedTexts.of('')
  #scopeNameEncoded = EncodedTexts.of('')
  #scopeVersionEncoded = EncodedTexts.of('')
  #scopeSchemaUrlEncoded = EncodedTexts.of('')
  #droppedAttributes = 0
  #serviceNameId = 0
  #metricNameId = 0
  #flagBits = 0
  #startLow = 0
  #startHigh = 0
  #timeLow = 0
  #timeHigh = 0

  constructor(table: string, builder: BlockBuilder, flaw: Flaw, values: ValueWriter) {
    this.#table = table
    this.#flaw = flaw
    this.#values = values
    this.#resourceAttributes = builder.column('ResourceAttributes', MapColumn)
    this.#resourceSchemaUrl = builder.column('ResourceSchemaUrl', StringColumn)
    this.#scopeName = builder.column('ScopeName', StringColumn)
    this.#scopeVersion = builder.column('ScopeVersion', StringColumn)
    this.#scopeAttributes = builder.column('ScopeAttributes', MapColumn)
    this.#scopeDroppedAttrCount = builder.column('ScopeDroppedAttrCount', FixedColumn)
    this.#scopeSchemaUrl = builder.column('ScopeSchemaUrl', StringColumn)
    this.#serviceName = builder.column('ServiceName', LowCardinalityColumn)
    this.#metricName = new TextIds(builder.column('MetricName', LowCardinalityColumn), flaw, values.redactor, 'the name of the metric')
    this.#metricDescription = builder.column('MetricDescription', StringColumn)
    this.#metricUnit = builder.column('MetricUnit', StringColumn)
    this.attributes = new AttributeWriter(builder.column('Attributes', MapColumn), flaw, values, { guarded: { table, column: 'Attributes' } })
    this.#startTime = builder.column('StartTimeUnix', FixedColumn)
    this.#time = builder.column('TimeUnix', FixedColumn)
    this.#flags = builder.column('Flags', FixedColumn)
    this.#tenantId = builder.column('TenantId', LowCardinalityColumn)
  }

  begin(options: TranscodeOptions, tally: Tally): void {
    this.#tally = tally
    this.attributes.clear(options)
    this.#metricName.clear(tally, guardOf(options, this.#table, 'MetricName'))
    this.#group = undefined
    this.#tenantKey = this.#tenantId.idOfText(options.tenantId)
    this.#receivedLow = Number(options.receivedAtUnixNano & 0xffffffffn)
    this.#receivedHigh = Number(options.receivedAtUnixNano >> 32n)
    this.#times.begin(options, tally)
  }

  /** Begins a metric of a group; its texts are known to be UTF-8. */
  beginMetric(source: Buffer, { name }: MetricFields, group: MetricGroup): void {
    if (group !== this.#group) this.#beginGroup(group)
    this.#metricNameId = this.#metricName.idOf(source, name.start, name.stop)
  }

  beginPoint(): void {
    this.attributes.begin()
    this.#flagBits = 0
    this.#startLow = this.#startHigh = this.#timeLow = this.#timeHigh = 0
  }

  /** Takes the reader's current field for the start of the point. */
  takeStartTime(reader: WireReader): void {
    reader.fixed64()
    this.#startLow = reader.low
    this.#startHigh = reader.high
  }

  /** Takes the reader's current field for the time of the point. */
  takeTime(reader: WireReader): void {
    reader.fixed64()
    this.#timeLow = reader.low
    this.#timeHigh = reader.high
  }

  /** Takes the reader's current field for the flags. */
  takeFlags(reader: WireReader): void {
    reader.varint()
    this.#flagBits = reader.low
  }

  /** Whether the times can be stored; else the flaw is set. */
  isStorable(): boolean {
    const late = isStorableHigh(this.#timeHigh)
      ? !isStorableHigh(this.#startHigh) && unixNano(this.#startLow, this.#startHigh)
      : unixNano(this.#timeLow, this.#timeHigh)
    // A point without a time has the time when it came.
    if (late === false) return (this.#timeLow === 0 && this.#timeHigh === 0) || this.#times.takes(this.#timeLow, this.#timeHigh, this.#flaw)
    this.#flaw.set('timestamp_out_of_range', lateTime(late))
    return false
  }

  /** Adds the row of a point of this metric. */
  write(source: Buffer, { description, unit }: MetricFields): void {
    this.#resourceAttributes.appendRow(this.#resourceRow)
    this.#resourceSchemaUrl.appendEncoded(this.#resourceSchemaUrlEncoded, 1)
    this.#scopeName.appendEncoded(this.#scopeNameEncoded, 1)
    this.#scopeVersion.appendEncoded(this.#scopeVersionEncoded, 1)
    this.#scopeAttributes.appendRow(this.#scopeRow)
    this.#scopeDroppedAttrCount.append32(this.#droppedAttributes)
    this.#scopeSchemaUrl.appendEncoded(this.#scopeSchemaUrlEncoded, 1)
    this.#serviceName.ids.push(this.#serviceNameId)
    this.#metricName.column.ids.push(this.#metricNameId)
    this.#values.appendString(this.#metricDescription, source, description.start, description.stop)
    this.#values.appendString(this.#metricUnit, source, unit.start, unit.stop)
    this.attributes.write(source, this.#tally)
    this.#startTime.append64(this.#startLow, this.#startHigh)
    this.#writeTime()
    this.#flags.append32(this.#flagBits)
    this.#tenantId.ids.push(this.#tenantKey)
  }

  /** A point without a time has the time when it came: at 1970 it would be dropped at once. */
  #writeTime(): void {
    if (this.#timeLow !== 0 || this.#timeHigh !== 0) {
      this.#time.append64(this.#timeLow, this.#timeHigh)
      return
    }
    this.#tally.warn('time_missing')
    this.#time.append64(this.#receivedLow, this.#receivedHigh)
  }

  #beginGroup(group: MetricGroup): void {
    const { resource, scope } = group
    this.#group = group
    this.#resourceRow = this.#resourceAttributes.adoptRow(resource.attributes, group.resourceColumn)
    this.#resourceSchemaUrlEncoded = EncodedTexts.of(resource.schemaUrl)
    this.#scopeRow = this.#scopeAttributes.adoptRow(scope.attributes ?? NO_PAIRS, group.scopeColumn)
    this.#scopeNameEncoded = EncodedTexts.of(scope.name)
    this.#scopeVersionEncoded = EncodedTexts.of(scope.version)
    this.#scopeSchemaUrlEncoded = EncodedTexts.of(scope.schemaUrl)
    this.#droppedAttributes = scope.droppedAttributes
    this.#serviceNameId = this.#serviceName.idOfText(resource.serviceName)
  }
}
