import { tables } from '@ballast/clickhouse'
import { decodeJsonEnvelope } from './json/decode-envelope.ts'
import { decodeJsonLogRecord } from './json/decode-log-record.ts'
import { LogWriter } from './protobuf/log-writer.ts'
import { transcodeProtobuf } from './protobuf/transcode-protobuf.ts'
import { Tally } from './record/tally.ts'
import { logRows } from './rows/log-row.ts'
import { transcodedRows } from './rows/transcoded-rows.ts'
import type { Transcoded, TranscodeOptions } from './transcoded-block.ts'

const KEYS = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' } as const

/** One for all requests, so that its memory is used again: transcoding is synchronous. */
let writer: LogWriter | undefined

/**
 * Turns the body of an `ExportLogsServiceRequest` into rows of `otel_logs`: protobuf into a Native block, JSON into JSONEachRow.
 * A record with broken ids is stored without them.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeLogs(body: Uint8Array, options: TranscodeOptions): Transcoded {
  if (options.encoding === 'protobuf') return transcodeProtobuf(body, (writer ??= new LogWriter()), options)
  const tally = new Tally()
  const groups = decodeJsonEnvelope(body, KEYS, tally, decodeJsonLogRecord)
  return transcodedRows(tables.logs, groups.flatMap((group) => logRows(group, options, tally)), tally)
}
