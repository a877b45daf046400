import { BlockBuilder, EncodedTexts, FixedColumn, LowCardinalityColumn, MapColumn, StringColumn, tables } from '@ballast/clickhouse'
import { badId, lateTime } from '../record/reject-detail.ts'
import { Tally } from '../record/tally.ts'
import { Redactor } from '../redaction/redactor.ts'
import { SPAN_KINDS, STATUS_CODES } from '../rows/names.ts'
import { Sampler } from '../sampling/sampler.ts'
import type { RejectReason, TranscodeOptions } from '../transcoded-block.ts'
import { AttributeWriter } from './attribute-writer.ts'
import { EventWriter } from './event-writer.ts'
import type { FieldRange } from './field-range.ts'
import { Flaw } from './flaw.ts'
import { GroupAttributes } from './group-attributes.ts'
import { GroupColumns, SERVICE_NAME } from './group-columns.ts'
import { appendHex, isId, isZero } from './hex.ts'
import { LinkWriter } from './link-writer.ts'
import { Names } from './names.ts'
import type { PlainRequests, RecordWriter, ResourceGroup, ScopeGroup } from './record-writer.ts'
import { SAMPLE_RATE, SampleRates } from './sample-rates.ts'
import { SpanFields } from './span-fields.ts'
import { guardOf, TextIds } from './text-ids.ts'
import { TimeWindow } from './time-window.ts'
import { isStorableHigh, unixNano } from './unix-nano.ts'
import { ValueWriter } from './value-writer.ts'

/** Writes spans into the columns of `otel_traces`. */
export class SpanWriter implements RecordWriter {
  readonly builder = BlockBuilder.forTable(tables.traces)
  readonly tables = [{ table: tables.traces.name, builder: this.builder }]
  readonly plain: PlainRequests | undefined
  readonly flaw = new Flaw()
  readonly #times = new TimeWindow()
  #tally = new Tally()
  #receivedAtUnixNano = 0n
  readonly redactor = new Redactor()
  readonly idFields = [1, 2, 4]
  readonly #values = new ValueWriter(this.flaw, this.redactor)
  readonly resourceAttributes = new GroupAttributes(this.builder.column('ResourceAttributes', MapColumn), this.flaw, this.#values, {
    watch: SERVICE_NAME,
    guarded: { table: tables.traces.name, column: 'ResourceAttributes' },
  })
  readonly scopeAttributes = undefined
  readonly #fields = new SpanFields()
  readonly #group = new GroupColumns(this.builder)
  readonly #scopeVersion = this.builder.column('ScopeVersion', StringColumn)
  #scopeVersionEncoded = EncodedTexts.of('')
  readonly #timestamp = this.builder.column('Timestamp', FixedColumn)
  readonly #traceId = this.builder.column('TraceId', StringColumn)
  readonly #spanId = this.builder.column('SpanId', StringColumn)
  readonly #parentSpanId = this.builder.column('ParentSpanId', StringColumn)
  readonly #traceState = this.builder.column('TraceState', StringColumn)
  readonly #name = new TextIds(this.builder.column('SpanName', LowCardinalityColumn), this.flaw, this.redactor, 'the name of the span')
  readonly #kind = new Names(this.builder.column('SpanKind', LowCardinalityColumn), SPAN_KINDS)
  readonly #attributes = new AttributeWriter(this.builder.column('SpanAttributes', MapColumn), this.flaw, this.#values, { watch: SAMPLE_RATE })
  readonly #sampleRates = new SampleRates()
  readonly #sampler = new Sampler()
  readonly #duration = this.builder.column('Duration', FixedColumn)
  readonly #statusCode = new Names(this.builder.column('StatusCode', LowCardinalityColumn), STATUS_CODES)
  readonly #statusMessage = this.builder.column('StatusMessage', StringColumn)
  readonly #events = new EventWriter(this.builder, this.flaw, this.#values)
  readonly #links = new LinkWriter(this.builder, this.flaw, this.#values)

  /** `plain` takes the requests that are plain; absent, this does. */
  constructor(plain?: PlainRequests) {
    this.plain = plain
  }

  begin(options: TranscodeOptions, tally: Tally): void {
    this.builder.clear()
    this.resourceAttributes.clear(options)
    this.#name.clear(tally, guardOf(options, tables.traces.name, 'SpanName'))
    this.#kind.clear()
    this.#attributes.clear(options)
    this.#statusCode.clear()
    this.#events.clear(options, tally, guardOf(options, tables.traces.name, 'Events.Name'))
    this.#links.clear(options)
    this.#tally = tally
    this.#values.begin(options, tally)
    this.#group.begin(options)
    this.#sampler.begin(options.sampling)
    this.#receivedAtUnixNano = options.receivedAtUnixNano
    this.#times.begin(options, tally)
  }

  beginScope(resource: ResourceGroup, scope: ScopeGroup): void {
    this.#group.beginScope(resource, scope)
    this.#scopeVersionEncoded = EncodedTexts.of(scope.version)
  }

  write(source: Buffer, start: number, stop: number): boolean {
    const fields = this.#fields
    fields.read(source, start, stop, this.#attributes)
    if (!this.#hasIdsAndTimes(source)) return false
    const weight = this.#sampler.ofSpan(source, fields, this.#tally)
    if (weight === 0) return false
    this.#writeTimes()
    appendHex(this.#traceId, source, fields.traceId.start, fields.traceId.stop)
    appendHex(this.#spanId, source, fields.spanId.start, fields.spanId.stop)
    if (isZero(source, fields.parentSpanId.start, fields.parentSpanId.stop)) this.#parentSpanId.appendEmpty()
    else appendHex(this.#parentSpanId, source, fields.parentSpanId.start, fields.parentSpanId.stop)
    this.#values.appendString(this.#traceState, source, fields.traceState.start, fields.traceState.stop)
    this.#name.append(source, fields.name.start, fields.name.stop)
    this.#kind.append(fields.kind, this.#tally)
    this.#attributes.write(source, this.#tally)
    this.#statusCode.append(fields.statusCode, this.#tally)
    this.#values.appendString(this.#statusMessage, source, fields.statusMessage.start, fields.statusMessage.stop)
    this.#group.write(weight * this.#sampleRates.ofSpan(source, this.#attributes, fields, this.#tally))
    this.#scopeVersion.appendEncoded(this.#scopeVersionEncoded, 1)
    const { events, links } = fields
    for (let at = 0; at < events.count; at++) this.#events.write(source, events.start(at), events.stop(at), this.#tally)
    this.#events.endRow()
    for (let at = 0; at < links.count; at++) this.#links.write(source, links.start(at), links.stop(at), this.#tally)
    this.#links.endRow()
    return true
  }

  #writeTimes(): void {
    const { endLow, endHigh } = this.#fields
    let { startLow, startHigh } = this.#fields
    if (startLow === 0 && startHigh === 0) {
      this.#tally.warn('start_time_missing')
      const start = endLow === 0 && endHigh === 0 ? this.#receivedAtUnixNano : unixNano(endLow, endHigh)
      startLow = Number(start & 0xffffffffn)
      startHigh = Number(start >> 32n)
    }
    this.#timestamp.append64(startLow, startHigh)
    if (endHigh < startHigh || (endHigh === startHigh && endLow < startLow)) {
      this.#tally.warn('end_before_start')
      this.#duration.append64(0, 0)
    } else this.#duration.append64(endLow - startLow, endHigh - startHigh - (endLow < startLow ? 1 : 0))
  }

  #hasIdsAndTimes(source: Buffer): boolean {
    const { traceId, spanId, parentSpanId, startLow, startHigh, endLow, endHigh } = this.#fields
    if (!isId(source, traceId.start, traceId.stop, 16)) return this.#badId('invalid_trace_id', 'trace id', source, traceId, 16)
    if (!isId(source, spanId.start, spanId.stop, 8)) return this.#badId('invalid_span_id', 'span id', source, spanId, 8)
    // A span without a parent may say so by nothing or by zeros.
    if (parentSpanId.length !== 0 && parentSpanId.length !== 8) return this.#badId('invalid_parent_span_id', 'parent span id', source, parentSpanId, 8)
    if (isStorableHigh(startHigh) && isStorableHigh(endHigh)) {
      // Without a start its end is its time, and without both the time when it came.
      if (startLow !== 0 || startHigh !== 0) return this.#times.takes(startLow, startHigh, this.flaw)
      return (endLow === 0 && endHigh === 0) || this.#times.takes(endLow, endHigh, this.flaw)
    }
    const late = isStorableHigh(startHigh) ? unixNano(endLow, endHigh) : unixNano(startLow, startHigh)
    this.flaw.set('timestamp_out_of_range', lateTime(late))
    return false
  }

  #badId(reason: RejectReason, what: string, source: Buffer, id: FieldRange, bytes: number): false {
    this.flaw.set(reason, badId(what, source.toString('hex', id.start, id.stop), bytes, !this.redactor.active))
    return false
  }
}
