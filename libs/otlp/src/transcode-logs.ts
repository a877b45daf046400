import { sharedKernel } from './kernel/kernel.ts'
import { plainLogs } from './kernel/plain-logs.ts'
import { logsRequest } from './json/messages.ts'
import { transcodeJson } from './json/transcode-json.ts'
import { LogWriter } from './protobuf/log-writer.ts'
import { transcodeProtobuf } from './protobuf/transcode-protobuf.ts'
import type { Transcoded, TranscodeOptions } from './transcoded-block.ts'

/** One for all requests, so that its memory is used again: transcoding is synchronous. */
let writer: LogWriter | undefined

/**
 * Turns the body of an `ExportLogsServiceRequest` into rows of `otel_logs`. A record with broken ids is stored without
 * them.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeLogs(body: Uint8Array, options: TranscodeOptions): Transcoded {
  writer ??= new LogWriter(plainLogs(sharedKernel()))
  return options.encoding === 'json' ? transcodeJson(body, logsRequest, writer, options) : transcodeProtobuf(body, writer, options)
}
