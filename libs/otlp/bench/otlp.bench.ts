import { isDeepStrictEqual } from 'node:util'
import { type OtlpEncoding, transcodeLogs, transcodeMetrics, type Transcoded, type TranscodeOptions, transcodeTraces } from '../src/index.ts'
import { rowsOf } from '../test/block-rows.ts'
import { clickHouseCpu } from './clickhouse-cpu.ts'
import { jsonParseMetricRows } from './json-parse-metric-rows.ts'
import { jsonParseLogRows, jsonParseTraceRows } from './json-parse-rows.ts'
import { metricRequests } from './metric-requests.ts'
import { protobufjsMetricRows } from './protobufjs-metric-rows.ts'
import { protobufjsLogRows, protobufjsTraceRows } from './protobufjs-rows.ts'
import { tenRules } from './redaction-rules.ts'
import { logRequests, RECORDS, traceRequests } from './requests.ts'
import type { BenchRow } from '../../../scripts/bench-row.ts'

interface Case {
  readonly name: string
  readonly unit: string
  readonly encoding: OtlpEncoding
  /** Whether its records hold what the redaction rules look for. @default true */
  readonly secrets?: boolean
  readonly requests: readonly Uint8Array[]
  readonly transcode: (body: Uint8Array, options: TranscodeOptions) => Transcoded
  readonly competitor: (body: Uint8Array, tenantId: string) => readonly Buffer[]
}

const OURS = '@ballast/otlp to Native'
const THEIRS = { protobuf: 'protobufjs to JSONEachRow', json: 'JSON.parse to JSONEachRow' }
const REDACTED = '@ballast/otlp, ten redaction rules'
const REQUESTS = 16

/** `npm run bench -- otlp` */
export const bench = {
  name: 'otlp',
  summary: 'OTLP in both encodings to insertable blocks on one core, against protobufjs or JSON.parse, and JSON.stringify; redaction; what the formats cost ClickHouse',
  async run({ quick, report }: { quick: boolean; report: (row: BenchRow) => void }): Promise<void> {
    const cases: Case[] = [
      { name: 'traces', unit: 'spans/s', encoding: 'protobuf', requests: traceRequests(REQUESTS), transcode: transcodeTraces, competitor: protobufjsTraceRows },
      { name: 'metrics', unit: 'points/s', encoding: 'protobuf', secrets: false, requests: metricRequests(REQUESTS), transcode: transcodeMetrics, competitor: protobufjsMetricRows },
      { name: 'logs', unit: 'records/s', encoding: 'protobuf', requests: logRequests(REQUESTS), transcode: transcodeLogs, competitor: protobufjsLogRows },
      { name: 'traces in JSON', unit: 'spans/s', encoding: 'json', requests: traceRequests(REQUESTS, undefined, 'json'), transcode: transcodeTraces, competitor: jsonParseTraceRows },
      { name: 'metrics in JSON', unit: 'points/s', encoding: 'json', secrets: false, requests: metricRequests(REQUESTS, undefined, 'json'), transcode: transcodeMetrics, competitor: jsonParseMetricRows },
      { name: 'logs in JSON', unit: 'records/s', encoding: 'json', requests: logRequests(REQUESTS, undefined, 'json'), transcode: transcodeLogs, competitor: jsonParseLogRows },
    ]
    for (const each of cases) runCase(each, quick ? { rounds: 7, repeats: 3 } : { rounds: 31, repeats: 8 }, report)
    const cpu = await clickHouseCpu(quick ? 5 : 30)
    for (const [format, microseconds] of cpu) {
      const value = Number(microseconds.toFixed(2))
      const ratio = Number((cpu.get('Native')! / microseconds).toFixed(2))
      report({ case: 'insert', subject: `ClickHouse, ${format}`, value, unit: 'µs of its CPU a span', ...(format === 'Native' ? {} : { ratio, against: format }) })
    }
  },
}

function runCase({ name, unit, encoding, secrets = true, requests, transcode, competitor }: Case, { rounds, repeats }: { rounds: number; repeats: number }, report: (row: BenchRow) => void): void {
  const options = { encoding, tenantId: 'default', receivedAtUnixNano: 1n } as const
  const against = THEIRS[encoding]
  for (const request of requests) {
    const transcoded = transcode(request, options)
    const expected = competitor(request, options.tenantId).flatMap(jsonRows)
    if (transcoded.rows !== RECORDS || !isDeepStrictEqual(rowsOf(transcoded), expected)) throw new Error(`${name}: the rows of both subjects differ`)
    const { redactions } = transcode(request, { ...options, redaction: tenRules })
    if (secrets && (redactions.get('user_agent') !== RECORDS || redactions.get('client') !== RECORDS)) throw new Error(`${name}: the rules do not hit`)
  }
  const ours: Measured[] = []
  const redacted: Measured[] = []
  const theirs: Measured[] = []
  // Interleaved, so that whatever else the machine does slows both.
  for (let round = 0; round < rounds; round++) {
    ours.push(measure(requests, repeats, (request) => transcode(request, options).rows))
    redacted.push(measure(requests, repeats, (request) => transcode(request, { ...options, redaction: tenRules }).rows))
    theirs.push(measure(requests, 1, (request) => (competitor(request, options.tenantId).every((body) => body.length > 0) ? RECORDS : 0)))
  }
  const value = median(ours.map(({ rate }) => rate))
  const other = median(theirs.map(({ rate }) => rate))
  const megabytes = requests.reduce((sum, request) => sum + request.length, 0) / 1e6 / (requests.length * RECORDS)
  report({ case: name, subject: OURS, value: Math.round(value), unit })
  report({ case: name, subject: OURS, value: Math.round(value * megabytes), unit: 'MB/s of OTLP' })
  // Of CPU time, round by round: what the rules cost is less than what a busy machine makes of it.
  const cost = median(redacted.map(({ cpu }, round) => ours[round]!.cpu / cpu))
  report({ case: name, subject: REDACTED, value: Math.round(median(redacted.map(({ rate }) => rate))), unit, ratio: Number(cost.toFixed(2)), against: OURS })
  report({ case: name, subject: against, value: Math.round(other), unit, ratio: Number((value / other).toFixed(2)), against })
}

/** The rows of JSONEachRow. */
function jsonRows(text: Buffer): unknown[] {
  return text.toString().split('\n').filter(Boolean).map((line) => JSON.parse(line) as unknown)
}

/** What one subject did in one round. */
interface Measured {
  /** Records a second. */
  readonly rate: number
  /** Microseconds of CPU time. */
  readonly cpu: number
}

function measure(requests: readonly Uint8Array[], repeats: number, run: (request: Uint8Array) => number): Measured {
  const before = process.cpuUsage()
  const start = process.hrtime.bigint()
  let records = 0
  for (let repeat = 0; repeat < repeats; repeat++) for (const request of requests) records += run(request)
  const expected = repeats * requests.length * RECORDS
  if (records !== expected) throw new Error(`${records} records were transcoded, not ${expected}`)
  const rate = (records * 1e9) / Number(process.hrtime.bigint() - start)
  const { user, system } = process.cpuUsage(before)
  return { rate, cpu: user + system }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
