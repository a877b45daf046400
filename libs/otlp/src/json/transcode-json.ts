import { isUtf8 } from 'node:buffer'
import { OtlpError } from '../errors.ts'
import type { RecordWriter } from '../protobuf/record-writer.ts'
import { transcodeProtobuf } from '../protobuf/transcode-protobuf.ts'
import { Tally } from '../record/tally.ts'
import type { Transcoded, TranscodeOptions } from '../transcoded-block.ts'
import { JsonToWire } from './json-to-wire.ts'
import type { MessageType } from './message-type.ts'

/** One for all requests, so that its memory is used again: transcoding is synchronous. */
const rewriter = new JsonToWire()

/**
 * Turns the JSON of an export request into Native blocks: by way of protobuf, so that both encodings are judged and written by
 * the same code. An empty body is an empty request.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeJson(body: Uint8Array, request: MessageType, writer: RecordWriter, options: TranscodeOptions): Transcoded {
  if (!isUtf8(body)) throw new OtlpError('INVALID_UTF8', 'the JSON body is not UTF-8; send it as UTF-8.')
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const { flaws } = rewriter
  const tally = new Tally()
  try {
    const wire = source.length === 0 ? source : rewriter.rewrite(source, request, tally)
    const raw = (_: Buffer, start: number): Uint8Array => JsonToWire.jsonOf(source, wire, start)
    return transcodeProtobuf(wire, writer, options, { flaws, warnings: tally.warnings, raw })
  } finally {
    rewriter.end()
  }
}
