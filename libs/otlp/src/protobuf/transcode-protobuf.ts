import type { Problem } from '../record/reject-detail.ts'
import { Tally } from '../record/tally.ts'
import type { TranscodedBlock, TranscodeOptions } from '../transcoded-block.ts'
import { Envelope } from './envelope.ts'
import type { RecordWriter } from './record-writer.ts'
import { withoutTexts } from './rejected-bytes.ts'

/**
 * Turns the protobuf bytes of an export request into one Native block.
 *
 * Most flaws of a record show before anything of it is written. Those that show in the middle (a text that is not UTF-8, a value
 * that nests too deep) have spoilt the columns by then: the request is gone over once more without these records. That is rare,
 * and still linear.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeProtobuf(body: Uint8Array, writer: RecordWriter, options: TranscodeOptions): TranscodedBlock {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const spoilt = new Map<number, Problem>()
  let tally = pass(source, writer, options, spoilt)
  if (spoilt.size > 0) tally = pass(source, writer, options, spoilt)
  return {
    table: writer.table,
    columns: writer.builder.columnNames,
    format: 'Native',
    body: writer.builder.finish(),
    rows: writer.builder.rows,
    rejected: { count: tally.rejects.length, reasons: tally.reasons },
    rejects: tally.rejects,
    warnings: tally.warnings,
    redactions: writer.redactor.counts,
  }
}

/** Goes over the request once. `spoilt` are records to leave out, by their first byte; those found on the way are added. */
function pass(source: Buffer, writer: RecordWriter, options: TranscodeOptions, spoilt: Map<number, Problem>): Tally {
  const tally = new Tally()
  const { flaw } = writer
  const rawOf = (start: number, stop: number): Uint8Array =>
    options.redaction === undefined ? source.subarray(start, stop) : withoutTexts(source, start, stop, writer.idFields)
  flaw.clear()
  options.cardinality?.begin(options.receivedAtUnixNano)
  writer.begin(options, tally)
  new Envelope(source, writer, tally, (start, stop) => {
    const known = spoilt.get(start)
    if (known !== undefined) {
      tally.reject({ ...known, raw: rawOf(start, stop) })
      return
    }
    const written = writer.write(source, start, stop)
    if (flaw.reason === undefined) return
    const problem = { reason: flaw.reason, detail: flaw.detail }
    if (written) spoilt.set(start, problem)
    else tally.reject({ ...problem, raw: rawOf(start, stop) })
    flaw.clear()
  }).walk()
  return tally
}
