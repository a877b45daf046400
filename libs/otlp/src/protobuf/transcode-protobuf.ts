import type { Problem } from '../record/reject-detail.ts'
import { Tally } from '../record/tally.ts'
import type { TranscodedBlock, TranscodeOptions, WarningKind } from '../transcoded-block.ts'
import { Envelope } from './envelope.ts'
import type { RecordWriter } from './record-writer.ts'

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
 * Turns the protobuf bytes of an export request into one Native block.
 *
 * Most flaws of a record show before anything of it is written. Those that show in the middle (a text that is not UTF-8, a value
 * that nests too deep) have spoilt the columns by then: the request is gone over once more without these records. That is rare,
 * and still linear.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeProtobuf(body: Uint8Array, writer: RecordWriter, options: TranscodeOptions, origin = SENT): TranscodedBlock {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const spoilt = new Map(origin.flaws)
  const known = spoilt.size
  let tally = pass(source, writer, options, spoilt, origin)
  if (spoilt.size > known) tally = pass(source, writer, options, spoilt, origin)
  return {
    table: writer.table,
    columns: writer.builder.columnNames,
    format: 'Native',
    body: writer.builder.finish(),
    rows: writer.builder.rows,
    rejected: { count: tally.rejects.length, reasons: tally.reasons },
    rejects: tally.rejects,
    warnings: tally.warnings,
  }
}

/** Goes over the request once. `spoilt` are records to leave out, by their first byte; those found on the way are added. */
function pass(source: Buffer, writer: RecordWriter, options: TranscodeOptions, spoilt: Map<number, Problem>, origin: RecordOrigin): Tally {
  const tally = new Tally()
  for (const [kind, times] of origin.warnings) tally.warn(kind, times)
  const { flaw } = writer
  flaw.clear()
  writer.begin(options, tally)
  new Envelope(source, writer, tally, (start, stop) => {
    const known = spoilt.get(start)
    if (known !== undefined) {
      tally.reject({ ...known, raw: origin.raw(source, start, stop) })
      return
    }
    const written = writer.write(source, start, stop)
    if (flaw.reason === undefined) return
    const problem = { reason: flaw.reason, detail: flaw.detail }
    if (written) spoilt.set(start, problem)
    else tally.reject({ ...problem, raw: origin.raw(source, start, stop) })
    flaw.clear()
  }).walk()
  return tally
}
