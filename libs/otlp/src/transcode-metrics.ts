import { metricsRequest } from './json/messages.ts'
import { transcodeJson } from './json/transcode-json.ts'
import { MetricWriter } from './protobuf/metrics/metric-writer.ts'
import { transcodeProtobuf } from './protobuf/transcode-protobuf.ts'
import type { Transcoded, TranscodeOptions } from './transcoded-block.ts'

/** One for all requests, so that its memory is used again: transcoding is synchronous. */
let writer: MetricWriter | undefined

/**
 * Turns the body of an `ExportMetricsServiceRequest` into rows of the five `otel_metrics_*` tables, one row for each data point.
 * A data point that cannot be stored is rejected alone.
 *
 * @throws OtlpError when the body as a whole is no such request.
 */
export function transcodeMetrics(body: Uint8Array, options: TranscodeOptions): Transcoded {
  writer ??= new MetricWriter()
  return options.encoding === 'json' ? transcodeJson(body, metricsRequest, writer, options) : transcodeProtobuf(body, writer, options)
}
