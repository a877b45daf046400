import type { Problem } from '../record/reject-detail.ts'
import { Tally } from '../record/tally.ts'
import type { Transcoded, TranscodeOptions } from '../transcoded-block.ts'
import { Envelope } from './envelope.ts'
import type { OnRecord, RecordWriter } from './record-writer.ts'

/**
 * Turns the protobuf bytes of an export request into Native blocks, one for each table that gets rows.
 *
 * Most flaws of a record show before anything of it is written. Those that show in the middle (a text that is not UTF-8, a value
 * that nests too deep) have spoilt the columns by then: the request is gone over once more without these records. That is rare,
 * and still linear.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeProtobuf(body: Uint8Array, writer: RecordWriter, options: TranscodeOptions): Transcoded {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const spoilt = new Map<number, Problem>()
  let tally = pass(source, writer, options, spoilt)
  if (spoilt.size > 0) tally = pass(source, writer, options, spoilt)
  const blocks = writer.tables
    .filter(({ builder }) => builder.rows > 0)
    .map(({ table, builder }) => ({ table, columns: builder.columnNames, format: 'Native' as const, body: builder.finish(), rows: builder.rows }))
  return { blocks, rows: blocks.reduce((sum, block) => sum + block.rows, 0), ...tally.outcome() }
}

/** Goes over the request once. `spoilt` are records to leave out, by their first byte; those found on the way are added. */
function pass(source: Buffer, writer: RecordWriter, options: TranscodeOptions, spoilt: Map<number, Problem>): Tally {
  const tally = new Tally()
  const { flaw } = writer
  flaw.clear()
  writer.begin(options, tally)
  const onRecord: OnRecord = (start, stop) => {
    const known = spoilt.get(start)
    if (known !== undefined) {
      tally.reject({ ...known, raw: source.subarray(start, stop) })
      return
    }
    const written = writer.write(source, start, stop)
    if (flaw.reason === undefined) return
    const problem = { reason: flaw.reason, detail: flaw.detail }
    if (written) spoilt.set(start, problem)
    else tally.reject({ ...problem, raw: source.subarray(start, stop) })
    flaw.clear()
  }
  new Envelope(source, writer, tally, writer.split === undefined ? onRecord : (start, stop) => writer.split!(source, start, stop, onRecord)).walk()
  return tally
}
