import { tables } from '@ballast/clickhouse'
import { decodeJsonEnvelope } from './json/decode-envelope.ts'
import { decodeJsonSpan } from './json/decode-span.ts'
import { SpanWriter } from './protobuf/span-writer.ts'
import { transcodeProtobuf } from './protobuf/transcode-protobuf.ts'
import { Tally } from './record/tally.ts'
import { spanRows } from './rows/span-row.ts'
import { transcodedRows } from './rows/transcoded-rows.ts'
import type { Transcoded, TranscodeOptions } from './transcoded-block.ts'

const KEYS = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' } as const

/** One for all requests, so that its memory is used again: transcoding is synchronous. */
let writer: SpanWriter | undefined

/**
 * Turns the body of an `ExportTraceServiceRequest` into rows of `otel_traces`: protobuf into a Native block, JSON into
 * JSONEachRow. A span that cannot be stored is rejected alone.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeTraces(body: Uint8Array, options: TranscodeOptions): Transcoded {
  if (options.encoding === 'protobuf') return transcodeProtobuf(body, (writer ??= new SpanWriter()), options)
  const tally = new Tally()
  const groups = decodeJsonEnvelope(body, KEYS, tally, decodeJsonSpan)
  return transcodedRows(tables.traces, groups.flatMap((group) => spanRows(group, options, tally)), tally)
}
