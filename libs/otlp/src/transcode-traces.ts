import { tables } from '@ballast/clickhouse'
import { decodeJsonEnvelope } from './json/decode-envelope.ts'
import { decodeJsonSpan } from './json/decode-span.ts'
import { decodeEnvelope } from './protobuf/decode-envelope.ts'
import { decodeSpan } from './protobuf/decode-span.ts'
import { Tally } from './record/tally.ts'
import { block } from './rows/block.ts'
import { spanRows } from './rows/span-row.ts'
import type { TranscodedBlock, TranscodeOptions } from './transcoded-block.ts'

const KEYS = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' } as const

/**
 * Turns the body of an `ExportTraceServiceRequest` into rows of `otel_traces`. A span that cannot be stored is rejected alone.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeTraces(body: Uint8Array, options: TranscodeOptions): TranscodedBlock {
  const tally = new Tally()
  const groups = options.encoding === 'json' ? decodeJsonEnvelope(body, KEYS, tally, decodeJsonSpan) : decodeEnvelope(body, decodeSpan)
  return block(tables.traces, groups.flatMap((group) => spanRows(group, options, tally)), tally)
}
