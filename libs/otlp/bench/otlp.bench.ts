import { isDeepStrictEqual } from 'node:util'
import { transcodeLogs, transcodeMetrics, type Transcoded, type TranscodeOptions, transcodeTraces } from '../src/index.ts'
import { blockRows, rowsOf } from '../test/block-rows.ts'
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
  readonly requests: readonly Uint8Array[]
  readonly transcode: (body: Uint8Array, options: TranscodeOptions) => Transcoded
  readonly competitor: (body: Uint8Array, tenantId: string) => readonly Buffer[]
}

const OURS = '@ballast/otlp to Native'
const THEIRS = 'protobufjs to JSONEachRow'
const REQUESTS = 16
const options = { encoding: 'protobuf', tenantId: 'default', receivedAtUnixNano: 1n } as const

/** `npm run bench -- otlp` */
export const bench = {
  name: 'otlp',
  summary: 'OTLP protobuf to insertable blocks on one core, against protobufjs and JSON.stringify',
  async run({ quick, report }: { quick: boolean; report: (row: Row) => void }): Promise<void> {
    const cases: Case[] = [
      { name: 'traces', unit: 'spans/s', requests: traceRequests(REQUESTS), transcode: transcodeTraces, competitor: protobufjsTraceRows },
      { name: 'metrics', unit: 'points/s', requests: metricRequests(REQUESTS), transcode: transcodeMetrics, competitor: protobufjsMetricRows },
      { name: 'logs', unit: 'records/s', requests: logRequests(REQUESTS), transcode: transcodeLogs, competitor: protobufjsLogRows },
    ]
    for (const each of cases) runCase(each, quick ? 9 : 31, report)
  },
}

function runCase({ name, unit, requests, transcode, competitor }: Case, rounds: number, report: (row: Row) => void): void {
  for (const request of requests) {
    const transcoded = transcode(request, options)
    const rows = rowsOf(transcoded)
    const bodies = competitor(request, options.tenantId)
    const theirs = transcoded.blocks.flatMap((block, index) => blockRows({ ...block, format: 'JSONEachRow', body: bodies[index]! }))
    if (transcoded.rows !== RECORDS || !isDeepStrictEqual(rows, theirs)) throw new Error(`${name}: the rows of both subjects differ`)
  }
  const ours: number[] = []
  const against: number[] = []
  // Interleaved, so that whatever else the machine does slows both.
  for (let round = 0; round < rounds; round++) {
    ours.push(rate(requests, 8, (request) => transcode(request, options).rows))
    against.push(rate(requests, 1, (request) => (competitor(request, options.tenantId).every((body) => body.length > 0) ? RECORDS : 0)))
  }
  const value = median(ours)
  const other = median(against)
  const megabytes = requests.reduce((sum, request) => sum + request.length, 0) / 1e6 / (requests.length * RECORDS)
  report({ case: name, subject: OURS, value: Math.round(value), unit })
  report({ case: name, subject: OURS, value: Math.round(value * megabytes), unit: 'MB/s of OTLP' })
  report({ case: name, subject: THEIRS, value: Math.round(other), unit, ratio: Number((value / other).toFixed(2)), against: THEIRS })
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
