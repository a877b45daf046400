import { type ArrayColumn, type BlockBuilder, FixedColumn, LowCardinalityColumn, MapColumn } from '@ballast/clickhouse'
import type { GuardedKey } from '../cardinality/cardinality-guard.ts'
import { lateTime } from '../record/reject-detail.ts'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { AttributeWriter } from './attribute-writer.ts'
import type { Flaw } from './flaw.ts'
import { TextIds } from './text-ids.ts'
import { isStorableHigh, unixNano } from './unix-nano.ts'
import type { ValueWriter } from './value-writer.ts'
import { I64, LEN, WireReader } from './wire-reader.ts'

/** Writes the `Events` columns of spans. */
export class EventWriter {
  readonly #times: ArrayColumn<FixedColumn>
  readonly #nameRows: ArrayColumn<LowCardinalityColumn>
  readonly #attributeRows: ArrayColumn<MapColumn>
  readonly #names: TextIds
  readonly #attributes: AttributeWriter
  readonly #flaw: Flaw
  readonly #reader = new WireReader()

  constructor(builder: BlockBuilder, flaw: Flaw, values: ValueWriter) {
    this.#times = builder.arrayColumn('Events.Timestamp', FixedColumn)
    this.#nameRows = builder.arrayColumn('Events.Name', LowCardinalityColumn)
    this.#attributeRows = builder.arrayColumn('Events.Attributes', MapColumn)
    this.#names = new TextIds(this.#nameRows.items, flaw, values.redactor, 'the name of an event')
    this.#attributes = new AttributeWriter(this.#attributeRows.items, flaw, values)
    this.#flaw = flaw
  }

  /** Begins a block. */
  clear(options: TranscodeOptions, tally: Tally, names: GuardedKey | undefined): void {
    this.#names.clear(tally, names)
    this.#attributes.clear(options)
  }

  endRow(): void {
    this.#times.endRow()
    this.#nameRows.endRow()
    this.#attributeRows.endRow()
  }

  /** Writes the `Span.Event` that is `source[start, stop)`. */
  write(source: Buffer, start: number, stop: number, tally: Tally): void {
    const reader = this.#reader.open(source, start, stop)
    let low = 0, high = 0, nameStart = 0, nameStop = 0
    this.#attributes.begin()
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | I64:
          reader.fixed64()
          low = reader.low
          high = reader.high
          break
        case (2 << 3) | LEN:
          reader.range()
          nameStart = reader.start
          nameStop = reader.stop
          break
        case (3 << 3) | LEN:
          reader.range()
          this.#attributes.add(source, reader.start, reader.stop)
          break
        default:
          reader.skip()
      }
    }
    if (!isStorableHigh(high)) this.#flaw.set('timestamp_out_of_range', lateTime(unixNano(low, high)))
    this.#times.items.append64(low, high)
    this.#names.append(source, nameStart, nameStop)
    this.#attributes.write(source, tally)
  }
}
