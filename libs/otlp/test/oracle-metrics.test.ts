import { expect, test } from 'vitest'
import { transcodeMetrics } from '../src/index.ts'
import { compareWithOracle } from './oracle/differential.ts'
import { expectedMetrics } from './oracle/expected-metrics.ts'

// Of the three signals together: 202 thousand in each run, a million in the long one; more of those that take less time.
const long = process.env['BALLAST_TEST_LONG'] === '1'
const RECORDS = long ? 250_000 : 50_000

test('data points, written in any way, are the rows that OpenTelemetry’s own decoder and the rules of the columns give', () => {
  const rejected = compareWithOracle({ signal: 'metrics', name: 'MetricsRequest', transcode: transcodeMetrics, rules: expectedMetrics }, RECORDS)
  // Some, but few: else the random requests have gone astray.
  expect(rejected).toBeGreaterThan(RECORDS / 200)
  expect(rejected).toBeLessThan(RECORDS / 10)
}, long ? 900_000 : 120_000)
