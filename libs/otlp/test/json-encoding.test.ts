import { describe, expect, test } from 'vitest'
import { jsonParseLogRows, jsonParseTraceRows } from '../bench/json-parse-rows.ts'
import { logRequests, traceRequests } from '../bench/requests.ts'
import { type Transcoded, transcodeLogs, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { rowsOf } from './block-rows.ts'
import { RandomJson } from './json/random-json.ts'
import { oracle } from './oracle/decoded.ts'
import { RandomRequests } from './oracle/random-requests.ts'

const options = { tenantId: 'acme', receivedAtUnixNano: 1_800_000_000_000_000_000n }
const long = process.env['BALLAST_TEST_LONG'] === '1'
const REQUESTS = long ? 20_000 : 800

describe.each([
  ['traces', 'TracesRequest', transcodeTraces],
  ['logs', 'LogsRequest', transcodeLogs],
  ['metrics', 'MetricsRequest', transcodeMetrics],
] as const)('%s', (signal, name, transcode) => {
  test('give the same bytes in JSON, however it is written, as in protobuf; the same is rejected and noticed, and kept as it came', () => {
    let records = 0
    for (let seed = 1; seed <= REQUESTS; seed++) {
      const requests = new RandomRequests(seed)
      const message = requests[signal]()
      const protobuf = transcode(oracle[signal].encode(message).finish(), { ...options, encoding: 'protobuf' })
      const text = new RandomJson(requests.random).request(name, message)
      const json = transcode(text, { ...options, encoding: 'json' })
      const problem = difference(json, protobuf, text)
      // An expectation for each would take longer than all the rest.
      if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}`)
      records += json.rows + json.rejected.count
    }
    expect(records).toBeGreaterThan(REQUESTS * 8)
  }, long ? 1_800_000 : 60_000)
})

function difference(json: Transcoded, protobuf: Transcoded, text: Buffer): string | undefined {
  if (json.blocks.length !== protobuf.blocks.length) return `${json.blocks.length} blocks instead of ${protobuf.blocks.length}`
  const other = json.blocks.find(({ table, body }, index) => table !== protobuf.blocks[index]!.table || Buffer.compare(body, protobuf.blocks[index]!.body) !== 0)
  if (other !== undefined) return `another block of ${other.table}`
  const reasons = ({ rejects }: Transcoded): string => rejects.map(({ reason }) => reason).join()
  if (reasons(json) !== reasons(protobuf)) return `rejected are ${reasons(json)} instead of ${reasons(protobuf)}`
  const warnings = (transcoded: Transcoded): string => JSON.stringify([...transcoded.warnings].filter(([kind]) => kind !== 'no_known_field').toSorted(([a], [b]) => (a < b ? -1 : 1)))
  if (warnings(json) !== warnings(protobuf)) return `noticed is ${warnings(json)} instead of ${warnings(protobuf)}`
  const torn = json.rejects.find(({ raw }) => !text.includes(Buffer.from(raw)) || !isObject(Buffer.from(raw).toString()))
  return torn === undefined ? undefined : `kept is ${Buffer.from(torn.raw).toString()}`
}

function isObject(text: string): boolean {
  return text.startsWith('{') && typeof JSON.parse(text) === 'object'
}

test.each([
  ['spans', traceRequests, transcodeTraces, jsonParseTraceRows],
  ['log records', logRequests, transcodeLogs, jsonParseLogRows],
] as const)('%s have the values that JSON.parse finds', (_, requests, transcode, read) => {
  for (const body of requests(2, undefined, 'json')) {
    const expected = read(body, 'acme').toString().split('\n').filter(Boolean).map((line) => JSON.parse(line) as unknown)
    expect(rowsOf(transcode(body, { ...options, encoding: 'json' }))).toEqual(expected)
  }
})
