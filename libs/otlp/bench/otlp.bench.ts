import { isDeepStrictEqual } from 'node:util'
import { type OtlpEncoding, transcodeLogs, transcodeMetrics, type Transcoded, type TranscodeOptions, transcodeTraces } from '../src/index.ts'
import { rowsOf } from '../test/block-rows.ts'
import { jsonParseLogRows, jsonParseTraceRows } from './json-parse-rows.ts'
import { metricRequests } from './metric-requests.ts'
import { protobufjsMetricRows } from './protobufjs-metric-rows.ts'
import { protobufjsLogRows, protobufjsTraceRows } from './protobufjs-rows.ts'
import { logRequests, RECORDS, traceRequests } from './requests.ts'

/** One measured figure, for the runner. `ratio` is ours divided by the competitor's. */
interface Row {
  readonly case: string
  readonly subject: string
  readonly value: number
  readonly unit: string
  readonly ratio?: number
  readonly against?: string
}

interface Case {
  readonly name: string
  readonly unit: string
  readonly encoding: OtlpEncoding
  readonly requests: readonly Uint8Array[]
  readonly transcode: (body: Uint8Array, options: TranscodeOptions) => Transcoded
  readonly competitor: (body: Uint8Array, tenantId: string) => readonly Buffer[]
}

const OURS = '@ballast/otlp to Native'
const THEIRS = { protobuf: 'protobufjs to JSONEachRow', json: 'JSON.parse to JSONEachRow' }
const REQUESTS = 16

/** `npm run bench -- otlp` */
export const bench = {
  name: 'otlp',
  summary: 'OTLP in both encodings to insertable blocks on one core, against protobufjs or JSON.parse, and JSON.stringify',
  async run({ quick, report }: { quick: boolean; report: (row: Row) => void }): Promise<void> {
    const cases: Case[] = [
      { name: 'traces', unit: 'spans/s', encoding: 'protobuf', requests: traceRequests(REQUESTS), transcode: transcodeTraces, competitor: protobufjsTraceRows },
      { name: 'metrics', unit: 'points/s', encoding: 'protobuf', requests: metricRequests(REQUESTS), transcode: transcodeMetrics, competitor: protobufjsMetricRows },
      { name: 'logs', unit: 'records/s', encoding: 'protobuf', requests: logRequests(REQUESTS), transcode: transcodeLogs, competitor: protobufjsLogRows },
      { name: 'traces in JSON', unit: 'spans/s', encoding: 'json', requests: traceRequests(REQUESTS, undefined, 'json'), transcode: transcodeTraces, competitor: jsonParseTraceRows },
      { name: 'logs in JSON', unit: 'records/s', encoding: 'json', requests: logRequests(REQUESTS, undefined, 'json'), transcode: transcodeLogs, competitor: jsonParseLogRows },
    ]
    for (const each of cases) runCase(each, quick ? 9 : 31, report)
  },
}

function runCase({ name, unit, encoding, requests, transcode, competitor }: Case, rounds: number, report: (row: Row) => void): void {
  const options = { encoding, tenantId: 'default', receivedAtUnixNano: 1n } as const
  const against = THEIRS[encoding]
  for (const request of requests) {
    const transcoded = transcode(request, options)
    const expected = competitor(request, options.tenantId).flatMap(jsonRows)
    if (transcoded.rows !== RECORDS || !isDeepStrictEqual(rowsOf(transcoded), expected)) throw new Error(`${name}: the rows of both subjects differ`)
  }
  const ours: number[] = []
  const theirs: number[] = []
  // Interleaved, so that whatever else the machine does slows both.
  for (let round = 0; round < rounds; round++) {
    ours.push(rate(requests, 8, (request) => transcode(request, options).rows))
    theirs.push(rate(requests, 1, (request) => (competitor(request, options.tenantId).every((body) => body.length > 0) ? RECORDS : 0)))
  }
  const value = median(ours)
  const other = median(theirs)
  const megabytes = requests.reduce((sum, request) => sum + request.length, 0) / 1e6 / (requests.length * RECORDS)
  report({ case: name, subject: OURS, value: Math.round(value), unit })
  report({ case: name, subject: OURS, value: Math.round(value * megabytes), unit: 'MB/s of OTLP' })
  report({ case: name, subject: against, value: Math.round(other), unit, ratio: Number((value / other).toFixed(2)), against })
}

/** The rows of JSONEachRow. */
function jsonRows(text: Buffer): unknown[] {
  return text.toString().split('\n').filter(Boolean).map((line) => JSON.parse(line) as unknown)
}

/** Records a second. */
function rate(requests: readonly Uint8Array[], repeats: number, run: (request: Uint8Array) => number): number {
  const start = process.hrtime.bigint()
  let records = 0
  for (let repeat = 0; repeat < repeats; repeat++) for (const request of requests) records += run(request)
  const expected = repeats * requests.length * RECORDS
  if (records !== expected) throw new Error(`${records} records were transcoded, not ${expected}`)
  return (records * 1e9) / Number(process.hrtime.bigint() - start)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
