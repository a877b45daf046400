import { BlockBuilder, FixedColumn, LowCardinalityColumn, MapColumn, StringColumn, tables } from '@ballast/clickhouse'
import { lateTime } from '../record/reject-detail.ts'
import { Tally } from '../record/tally.ts'
import { Redactor } from '../redaction/redactor.ts'
import { MAX_SEVERITY, severityName } from '../rows/names.ts'
import { Sampler } from '../sampling/sampler.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { AttributeWriter } from './attribute-writer.ts'
import { Flaw } from './flaw.ts'
import { GroupAttributes } from './group-attributes.ts'
import { GroupColumns, SERVICE_NAME } from './group-columns.ts'
import { appendHex, isId, isZero } from './hex.ts'
import { LogFields } from './log-fields.ts'
import { LogGroupColumns } from './log-group-columns.ts'
import { Names } from './names.ts'
import type { PlainRequests, RecordWriter, ResourceGroup, ScopeGroup } from './record-writer.ts'
import { SAMPLE_RATE, SampleRates } from './sample-rates.ts'
import { guardOf, TextIds } from './text-ids.ts'
import { TimeWindow } from './time-window.ts'
import { isStorableHigh, unixNano } from './unix-nano.ts'
import { ValueWriter } from './value-writer.ts'

const SEVERITY_NAMES = Array.from({ length: MAX_SEVERITY + 1 }, (_, severity) => severityName(severity))

/** Writes log records into the columns of `otel_logs`. */
export class LogWriter implements RecordWriter {
  readonly builder = BlockBuilder.forTable(tables.logs)
  readonly tables = [{ table: tables.logs.name, builder: this.builder }]
  readonly plain: PlainRequests | undefined
  readonly flaw = new Flaw()
  readonly #times = new TimeWindow()
  #tally = new Tally()
  #receivedLow = 0
  #receivedHigh = 0
  readonly redactor = new Redactor()
  readonly idFields = [9, 10]
  readonly #values = new ValueWriter(this.flaw, this.redactor)
  readonly #bodies = new ValueWriter(this.flaw, this.redactor, 'maxBodyBytes')
  readonly resourceAttributes = new GroupAttributes(this.builder.column('ResourceAttributes', MapColumn), this.flaw, this.#values, {
    watch: SERVICE_NAME,
    guarded: { table: tables.logs.name, column: 'ResourceAttributes' },
  })
  readonly scopeAttributes = new GroupAttributes(this.builder.column('ScopeAttributes', MapColumn), this.flaw, this.#values)
  readonly #fields = new LogFields()
  readonly #group = new GroupColumns(this.builder)
  readonly #logGroup = new LogGroupColumns(this.builder)
  readonly #timestamp = this.builder.column('Timestamp', FixedColumn)
  readonly #traceId = this.builder.column('TraceId', StringColumn)
  readonly #spanId = this.builder.column('SpanId', StringColumn)
  readonly #traceFlags = this.builder.column('TraceFlags', FixedColumn)
  readonly #severityText = new TextIds(this.builder.column('SeverityText', LowCardinalityColumn), this.flaw, this.redactor, 'the severity text')
  readonly #severityName = new Names(this.#severityText.column, SEVERITY_NAMES)
  readonly #severityNumber = this.builder.column('SeverityNumber', FixedColumn)
  readonly #body = this.builder.column('Body', StringColumn)
  readonly #attributes = new AttributeWriter(this.builder.column('LogAttributes', MapColumn), this.flaw, this.#values, { watch: SAMPLE_RATE })
  readonly #sampleRates = new SampleRates()
  readonly #sampler = new Sampler()
  readonly #eventName = this.builder.column('EventName', StringColumn)

  /** `plain` takes the requests that are plain; absent, this does. */
  constructor(plain?: PlainRequests) {
    this.plain = plain
  }

  begin(options: TranscodeOptions, tally: Tally): void {
    this.builder.clear()
    this.resourceAttributes.clear(options)
    this.scopeAttributes.clear(options)
    this.#severityText.clear(tally, guardOf(options, tables.logs.name, 'SeverityText'))
    this.#severityName.clear()
    this.#attributes.clear(options)
    this.#tally = tally
    this.#values.begin(options, tally)
    this.#bodies.begin(options, tally)
    this.#group.begin(options)
    this.#sampler.begin(options.sampling)
    this.#receivedLow = Number(options.receivedAtUnixNano & 0xffffffffn)
    this.#receivedHigh = Number(options.receivedAtUnixNano >> 32n)
    this.#times.begin(options, tally)
  }

  beginScope(resource: ResourceGroup, scope: ScopeGroup): void {
    this.#group.beginScope(resource, scope)
    this.#logGroup.beginScope(resource, scope)
  }

  write(source: Buffer, start: number, stop: number): boolean {
    const fields = this.#fields
    fields.read(source, start, stop, this.#attributes)
    const weight = this.#sampler.ofLog(source, start, stop, fields, this.#tally)
    if (weight === 0 || !this.#writeTime()) return false
    this.#writeIds(source)
    this.#writeSeverity(source)
    this.#traceFlags.append8(fields.flags & 0xff)
    this.#bodies.append(this.#body, source, fields.body.kind, fields.body.start, fields.body.stop)
    this.#attributes.write(source, this.#tally)
    this.#values.appendString(this.#eventName, source, fields.eventName.start, fields.eventName.stop)
    this.#group.write(weight * this.#sampleRates.of(source, this.#attributes, this.#tally))
    this.#logGroup.write()
    return true
  }

  /** The time it happened, else was observed, else came. */
  #writeTime(): boolean {
    let { timeLow: low, timeHigh: high } = this.#fields
    if (low === 0 && high === 0) {
      low = this.#fields.observedLow
      high = this.#fields.observedHigh
    }
    if (low === 0 && high === 0) {
      this.#timestamp.append64(this.#receivedLow, this.#receivedHigh)
      return true
    }
    if (!isStorableHigh(high)) {
      this.flaw.set('timestamp_out_of_range', lateTime(unixNano(low, high)))
      return false
    }
    if (!this.#times.takes(low, high, this.flaw)) return false
    this.#timestamp.append64(low, high)
    return true
  }

  /** A log record with a broken trace id is still a log record: it is stored without one. */
  #writeIds(source: Buffer): void {
    const { traceId, spanId } = this.#fields
    if (!isId(source, traceId.start, traceId.stop, 16)) {
      if (!isZero(source, traceId.start, traceId.stop)) this.#tally.warn('log_without_trace')
      this.#traceId.appendEmpty()
      this.#spanId.appendEmpty()
      return
    }
    appendHex(this.#traceId, source, traceId.start, traceId.stop)
    if (isId(source, spanId.start, spanId.stop, 8)) appendHex(this.#spanId, source, spanId.start, spanId.stop)
    else this.#spanId.appendEmpty()
  }

  #writeSeverity(source: Buffer): void {
    const { severityNumber, severityText } = this.#fields
    const known = severityNumber >= 0 && severityNumber <= MAX_SEVERITY
    if (!known) this.#tally.warn('enum_unknown')
    const severity = known ? severityNumber : 0
    this.#severityNumber.append8(severity)
    if (severityText.length > 0) this.#severityText.append(source, severityText.start, severityText.stop)
    else this.#severityName.append(severity, this.#tally)
  }
}
