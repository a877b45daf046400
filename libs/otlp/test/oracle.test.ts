import { isDeepStrictEqual } from 'node:util'
import { readNativeBlocks } from '@ballast/clickhouse'
import { expect, test } from 'vitest'
import { type Transcoded, transcodeLogs, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { oracle } from './oracle/decoded.ts'
import { expectedLogs } from './oracle/expected-logs.ts'
import { expectedMetrics } from './oracle/expected-metrics.ts'
import { expectedTraces } from './oracle/expected-traces.ts'
import { type Expected, RECEIVED_AT } from './oracle/expected.ts'
import { Random } from './oracle/random.ts'
import { RandomRequests, spoil } from './oracle/random-requests.ts'
import { scrambled } from './oracle/scrambled.ts'

const long = process.env['BALLAST_TEST_LONG'] === '1'
/** Of each signal. */
const RECORDS = long ? 340_000 : 70_000
const TENANT = 'acme'
const options = { encoding: 'protobuf', tenantId: TENANT, receivedAtUnixNano: RECEIVED_AT } as const

test.each([
  ['spans', 'traces', 'TracesRequest', transcodeTraces, expectedTraces] as const,
  ['log records', 'logs', 'LogsRequest', transcodeLogs, expectedLogs] as const,
  ['data points', 'metrics', 'MetricsRequest', transcodeMetrics, expectedMetrics] as const,
])('%s written in any way are the rows that the OpenTelemetry project’s own decoder and the rules of the columns give', (_, signal, name, transcode, rules) => {
  let records = 0
  let rejected = 0
  for (let seed = 1; records < RECORDS; seed++) {
    const random = new Random(seed)
    const canonical = spoil(Buffer.from(oracle[signal].encode(new RandomRequests(seed)[signal]()).finish()))
    const split = random.oneIn(2)
    const bytes = scrambled(name, canonical, (bound) => random.below(bound), { split })
    const expected = rules(oracle[signal].decode(split ? canonical : bytes), TENANT)
    const actual = transcode(bytes, options)
    const problem = difference(actual, expected)
    if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}`)
    records += actual.rows + actual.rejected.count
    rejected += actual.rejected.count
  }
  // Enough of both, or the generator has gone astray.
  expect(rejected).toBeGreaterThan(records / 200)
  expect(rejected).toBeLessThan(records / 10)
}, long ? 600_000 : 120_000)

/** The first thing that differs; made by hand, because a test framework's comparison takes longer than all the rest. */
function difference({ blocks, rejects, warnings }: Transcoded, expected: Expected): string | undefined {
  if (blocks.length !== expected.tables.size) return `${blocks.length} blocks instead of ${expected.tables.size}`
  for (const { table, body, rows } of blocks) {
    const wanted = expected.tables.get(table) ?? []
    if (rows !== wanted.length) return `${table} has ${rows} rows instead of ${wanted.length}`
    const [block] = readNativeBlocks(body)
    if (block!.columns.length !== Object.keys(wanted[0]!).length) return `${table} has ${block!.columns.length} columns instead of ${Object.keys(wanted[0]!).length}`
    for (const column of block!.columns) {
      for (let row = 0; row < rows; row++) {
        const value = column.values[row]
        const want = wanted[row]![column.name]
        if (value !== want && !isDeepStrictEqual(value, want)) return `${table}.${column.name} of row ${row} is ${shown(value)} instead of ${shown(want)}`
      }
    }
  }
  if (rejects.length !== expected.rejects.length) return `${rejects.length} rejected instead of ${expected.rejects.length}`
  const wrong = rejects.find(({ reason }, index) => !expected.rejects[index]!.has(reason))
  if (wrong !== undefined) return `a record was rejected because of ${wrong.reason}: ${wrong.detail}`
  const noticed = Object.fromEntries(warnings)
  return isDeepStrictEqual(noticed, expected.warnings) ? undefined : `the warnings are ${shown(noticed)} instead of ${shown(expected.warnings)}`
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : typeof item === 'number' ? String(item) : item))
}
