import { type ArrayColumn, type BlockBuilder, FixedColumn, MapColumn, StringColumn } from '@ballast/clickhouse'
import { lateTime } from '../../record/reject-detail.ts'
import type { Tally } from '../../record/tally.ts'
import { AttributeWriter } from '../attribute-writer.ts'
import { FieldRange, type FieldRanges } from '../field-range.ts'
import type { Flaw } from '../flaw.ts'
import { appendHex, isId, isZero } from '../hex.ts'
import { isStorableHigh, unixNano } from '../unix-nano.ts'
import type { ValueWriter } from '../value-writer.ts'
import { I64, LEN, WireReader } from '../wire-reader.ts'
import { NumberValue } from './number-value.ts'

/** Writes the `Exemplars` columns of data points. */
export class ExemplarWriter {
  readonly #attributeRows: ArrayColumn<MapColumn>
  readonly #times: ArrayColumn<FixedColumn>
  readonly #values: ArrayColumn<FixedColumn>
  readonly #spanIds: ArrayColumn<StringColumn>
  readonly #traceIds: ArrayColumn<StringColumn>
  readonly #attributes: AttributeWriter
  readonly #flaw: Flaw
  readonly #reader = new WireReader()
  readonly #value = new NumberValue()
  readonly #traceId = new FieldRange()
  readonly #spanId = new FieldRange()

  constructor(builder: BlockBuilder, flaw: Flaw, values: ValueWriter) {
    this.#attributeRows = builder.arrayColumn('Exemplars.FilteredAttributes', MapColumn)
    this.#times = builder.arrayColumn('Exemplars.TimeUnix', FixedColumn)
    this.#values = builder.arrayColumn('Exemplars.Value', FixedColumn)
    this.#spanIds = builder.arrayColumn('Exemplars.SpanId', StringColumn)
    this.#traceIds = builder.arrayColumn('Exemplars.TraceId', StringColumn)
    this.#attributes = new AttributeWriter(this.#attributeRows.items, flaw, values)
    this.#flaw = flaw
  }

  clear(): void {
    this.#attributes.clear()
  }

  /** Adds the row of a data point: these exemplars. */
  writeRow(source: Buffer, exemplars: FieldRanges, tally: Tally): void {
    for (let at = 0; at < exemplars.count; at++) this.#write(source, exemplars.start(at), exemplars.stop(at), tally)
    this.#attributeRows.endRow()
    this.#times.endRow()
    this.#values.endRow()
    this.#spanIds.endRow()
    this.#traceIds.endRow()
  }

  /** Writes the `Exemplar` that is `source[start, stop)`. */
  #write(source: Buffer, start: number, stop: number, tally: Tally): void {
    let low = 0, high = 0
    this.#attributes.begin()
    this.#value.clear()
    this.#traceId.clear()
    this.#spanId.clear()
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (2 << 3) | I64:
          reader.fixed64()
          low = reader.low
          high = reader.high
          break
        case (3 << 3) | I64:
          this.#value.takeDouble(reader)
          break
        case (4 << 3) | LEN:
          this.#spanId.take(reader)
          break
        case (5 << 3) | LEN:
          this.#traceId.take(reader)
          break
        case (6 << 3) | I64:
          this.#value.takeInteger(reader)
          break
        case (7 << 3) | LEN:
          reader.range()
          this.#attributes.add(source, reader.start, reader.stop)
          break
        default:
          reader.skip()
      }
    }
    if (!isStorableHigh(high)) this.#flaw.set('timestamp_out_of_range', lateTime(unixNano(low, high)))
    this.#times.items.append64(low, high)
    this.#value.append(this.#values.items)
    this.#writeIds(source, tally)
    this.#attributes.write(source, tally)
  }

  /** Most exemplars are of no trace. One with a broken trace id is stored without its ids. */
  #writeIds(source: Buffer, tally: Tally): void {
    const trace = this.#traceId
    const span = this.#spanId
    const hasTrace = isId(source, trace.start, trace.stop, 16)
    const hasSpan = hasTrace && isId(source, span.start, span.stop, 8)
    if ((!hasTrace && !isZero(source, trace.start, trace.stop)) || (!hasSpan && !isZero(source, span.start, span.stop))) tally.warn('exemplar_without_ids')
    if (hasTrace) appendHex(this.#traceIds.items, source, trace.start, trace.stop)
    else this.#traceIds.items.appendEmpty()
    if (hasSpan) appendHex(this.#spanIds.items, source, span.start, span.stop)
    else this.#spanIds.items.appendEmpty()
  }
}
