import { type ArrayColumn, type BlockBuilder, MapColumn, StringColumn } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { AttributeWriter } from './attribute-writer.ts'
import type { Flaw } from './flaw.ts'
import { appendHex, isId } from './hex.ts'
import type { ValueWriter } from './value-writer.ts'
import { LEN, WireReader } from './wire-reader.ts'

/** Writes the `Links` columns of spans. */
export class LinkWriter {
  readonly #traceIds: ArrayColumn<StringColumn>
  readonly #spanIds: ArrayColumn<StringColumn>
  readonly #traceStates: ArrayColumn<StringColumn>
  readonly #attributeRows: ArrayColumn<MapColumn>
  readonly #attributes: AttributeWriter
  readonly #values: ValueWriter
  readonly #reader = new WireReader()

  constructor(builder: BlockBuilder, flaw: Flaw, values: ValueWriter) {
    this.#traceIds = builder.arrayColumn('Links.TraceId', StringColumn)
    this.#spanIds = builder.arrayColumn('Links.SpanId', StringColumn)
    this.#traceStates = builder.arrayColumn('Links.TraceState', StringColumn)
    this.#attributeRows = builder.arrayColumn('Links.Attributes', MapColumn)
    this.#attributes = new AttributeWriter(this.#attributeRows.items, flaw, values)
    this.#values = values
  }

  /** Begins a block. */
  clear(options: TranscodeOptions): void {
    this.#attributes.clear(options)
  }

  endRow(): void {
    this.#traceIds.endRow()
    this.#spanIds.endRow()
    this.#traceStates.endRow()
    this.#attributeRows.endRow()
  }

  /** Writes the `Span.Link` that is `source[start, stop)`; without usable ids it keeps none. */
  write(source: Buffer, start: number, stop: number, tally: Tally): void {
    const reader = this.#reader.open(source, start, stop)
    let traceStart = 0, traceStop = 0, spanStart = 0, spanStop = 0, stateStart = 0, stateStop = 0
    this.#attributes.begin()
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | LEN:
          reader.range()
          traceStart = reader.start
          traceStop = reader.stop
          break
        case (2 << 3) | LEN:
          reader.range()
          spanStart = reader.start
          spanStop = reader.stop
          break
        case (3 << 3) | LEN:
          reader.range()
          stateStart = reader.start
          stateStop = reader.stop
          break
        case (4 << 3) | LEN:
          reader.range()
          this.#attributes.add(source, reader.start, reader.stop)
          break
        default:
          reader.skip()
      }
    }
    if (isId(source, traceStart, traceStop, 16) && isId(source, spanStart, spanStop, 8)) {
      appendHex(this.#traceIds.items, source, traceStart, traceStop)
      appendHex(this.#spanIds.items, source, spanStart, spanStop)
    } else {
      tally.warn('link_without_ids')
      this.#traceIds.items.appendEmpty()
      this.#spanIds.items.appendEmpty()
    }
    this.#values.appendString(this.#traceStates.items, source, stateStart, stateStop)
    this.#attributes.write(source, tally)
  }
}
