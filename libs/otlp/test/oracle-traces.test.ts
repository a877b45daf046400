import { expect, test } from 'vitest'
import { transcodeTraces } from '../src/index.ts'
import { compareWithOracle } from './oracle/differential.ts'
import { expectedTraces } from './oracle/expected-traces.ts'

// Of the three signals together: 202 thousand in each run, a million in the long one; more of those that take less time.
const long = process.env['BALLAST_TEST_LONG'] === '1'
const RECORDS = long ? 310_000 : 62_000

test('spans, written in any way, are the rows that OpenTelemetry’s own decoder and the rules of the columns give', () => {
  const rejected = compareWithOracle({ signal: 'traces', name: 'TracesRequest', transcode: transcodeTraces, rules: expectedTraces }, RECORDS)
  // Some, but few: else the random requests have gone astray.
  expect(rejected).toBeGreaterThan(RECORDS / 200)
  expect(rejected).toBeLessThan(RECORDS / 10)
}, long ? 900_000 : 120_000)
