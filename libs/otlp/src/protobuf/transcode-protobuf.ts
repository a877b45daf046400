import type { Problem } from '../record/reject-detail.ts'
import { Tally } from '../record/tally.ts'
import type { Transcoded, TranscodeOptions, WarningKind } from '../transcoded-block.ts'
import { Envelope } from './envelope.ts'
import type { OnRecord, RecordWriter } from './record-writer.ts'
import { withoutTexts } from './rejected-bytes.ts'

/** Where protobuf comes from when it is not what was sent. */
export interface RecordOrigin {
  /** Records that are rejected unread, by the first byte of their message. */
  readonly flaws: ReadonlyMap<number, Problem>
  /** What was noticed on the way. */
  readonly warnings: ReadonlyMap<WarningKind, number>
  /** What was sent of the record `source[start, stop)`. */
  raw(source: Buffer, start: number, stop: number): Uint8Array
}

/** Protobuf is what was sent. */
const SENT: RecordOrigin = { flaws: new Map(), warnings: new Map(), raw: (source, start, stop) => source.subarray(start, stop) }

/**
 * Turns the protobuf bytes of an export request into Native blocks, one for each table that gets rows.
 *
 * A plain request is written by the kernel; what follows is about the others, and gives the same bytes for any.
 *
 * Most flaws of a record show before anything of it is written. Those that show in the middle (a text that is not UTF-8, a value
 * that nests too deep) have spoilt the columns by then: the request is gone over once more without these records. That is rare,
 * and still linear.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeProtobuf(body: Uint8Array, writer: RecordWriter, options: TranscodeOptions, origin = SENT): Transcoded {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const plain = origin.flaws.size === 0 ? writer.plain?.transcode(source, options, origin.warnings) : undefined
  if (plain !== undefined) return plain
  const spoilt = new Map(origin.flaws)
  const known = spoilt.size
  let tally = pass(source, writer, options, spoilt, origin)
  if (spoilt.size > known) tally = pass(source, writer, options, spoilt, origin)
  const blocks = writer.tables
    .filter(({ builder }) => builder.rows > 0)
    .map(({ table, builder }) => ({ table, columns: builder.columnNames, format: 'Native' as const, body: builder.finish(), rows: builder.rows }))
  return { blocks, rows: blocks.reduce((sum, block) => sum + block.rows, 0), ...tally.outcome(), redactions: writer.redactor.counts }
}

/** Goes over the request once. `spoilt` are records to leave out, by their first byte; those found on the way are added. */
function pass(source: Buffer, writer: RecordWriter, options: TranscodeOptions, spoilt: Map<number, Problem>, origin: RecordOrigin): Tally {
  const tally = new Tally()
  for (const [kind, times] of origin.warnings) tally.warn(kind, times)
  const { flaw } = writer
  flaw.clear()
  options.cardinality?.begin(options.receivedAtUnixNano)
  writer.redactor.begin(options)
  writer.begin(options, tally)
  const reject = (problem: Problem, start: number, stop: number): void =>
    tally.reject(
      options.redaction === undefined
        ? { ...problem, encoding: options.encoding, raw: origin.raw(source, start, stop) }
        : { ...problem, encoding: 'protobuf', raw: withoutTexts(source, start, stop, writer.idFields) },
    )
  const onRecord: OnRecord = (start, stop) => {
    const known = spoilt.get(start)
    if (known !== undefined) {
      reject(known, start, stop)
      return
    }
    const written = writer.write(source, start, stop)
    if (flaw.reason === undefined) return
    const problem = { reason: flaw.reason, detail: flaw.detail }
    if (written) spoilt.set(start, problem)
    else reject(problem, start, stop)
    flaw.clear()
  }
  // What is wrong with a group of records is wrong with each of them.
  const onGroup: OnRecord = (start, stop) => {
    const known = spoilt.get(start)
    writer.split!(source, start, stop, known === undefined ? onRecord : (from, to) => reject(known, from, to))
  }
  new Envelope(source, writer, tally, writer.split === undefined ? onRecord : onGroup).walk()
  return tally
}
