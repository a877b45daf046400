import { tables } from '@ballast/clickhouse'
import { decodeJsonEnvelope } from './json/decode-envelope.ts'
import { decodeJsonLogRecord } from './json/decode-log-record.ts'
import { decodeEnvelope } from './protobuf/decode-envelope.ts'
import { decodeLogRecord } from './protobuf/decode-log-record.ts'
import { Tally } from './record/tally.ts'
import { block } from './rows/block.ts'
import { logRows } from './rows/log-row.ts'
import type { TranscodedBlock, TranscodeOptions } from './transcoded-block.ts'

const KEYS = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' } as const

/**
 * Turns the body of an `ExportLogsServiceRequest` into rows of `otel_logs`. A record with broken ids is stored without them.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeLogs(body: Uint8Array, options: TranscodeOptions): TranscodedBlock {
  const tally = new Tally()
  const groups = options.encoding === 'json' ? decodeJsonEnvelope(body, KEYS, tally, decodeJsonLogRecord) : decodeEnvelope(body, decodeLogRecord)
  return block(tables.logs, groups.flatMap((group) => logRows(group, options, tally)), tally)
}
