import { expect, test } from 'vitest'
import { transcodeLogs } from '../src/index.ts'
import { compareWithOracle } from './oracle/differential.ts'
import { expectedLogs } from './oracle/expected-logs.ts'

// Of the three signals together: 202 thousand in each run, a million in the long one; more of those that take less time.
const long = process.env['BALLAST_TEST_LONG'] === '1'
const RECORDS = long ? 450_000 : 90_000

test('log records, written in any way, are the rows that OpenTelemetry’s own decoder and the rules of the columns give', () => {
  const rejected = compareWithOracle({ signal: 'logs', name: 'LogsRequest', transcode: transcodeLogs, rules: expectedLogs }, RECORDS)
  // Some, but few: else the random requests have gone astray.
  expect(rejected).toBeGreaterThan(RECORDS / 200)
  expect(rejected).toBeLessThan(RECORDS / 10)
}, long ? 900_000 : 120_000)
