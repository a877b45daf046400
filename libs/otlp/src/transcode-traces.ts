import { sharedKernel } from './kernel/kernel.ts'
import { plainSpans } from './kernel/plain-spans.ts'
import { tracesRequest } from './json/messages.ts'
import { transcodeJson } from './json/transcode-json.ts'
import { SpanWriter } from './protobuf/span-writer.ts'
import { transcodeProtobuf } from './protobuf/transcode-protobuf.ts'
import type { Transcoded, TranscodeOptions } from './transcoded-block.ts'

/** One for all requests, so that its memory is used again: transcoding is synchronous. */
let writer: SpanWriter | undefined

/**
 * Turns the body of an `ExportTraceServiceRequest` into rows of `otel_traces`. A span that cannot be stored is rejected
 * alone.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeTraces(body: Uint8Array, options: TranscodeOptions): Transcoded {
  writer ??= new SpanWriter(plainSpans(sharedKernel()))
  return options.encoding === 'json' ? transcodeJson(body, tracesRequest, writer, options) : transcodeProtobuf(body, writer, options)
}
