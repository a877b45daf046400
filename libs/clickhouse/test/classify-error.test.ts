import { ClickHouseError as DriverError } from '@clickhouse/client'
import { describe, expect, test } from 'vitest'
import { classifyError } from '../src/client/classify-error.ts'
import { resolveClickHouseOptions } from '../src/client/options.ts'

const outcome = { aborted: false, timedOut: false, timeoutMs: 100 }
const server = (code: string, message = 'no', type = 'TYPE'): DriverError => new DriverError({ code, message, type })

describe('an error of the server', () => {
  test.each([
    ['60', 'SCHEMA_MISSING', true],
    ['81', 'SCHEMA_MISSING', true],
    ['202', 'OVERLOADED', true],
    ['241', 'OVERLOADED', true],
    ['242', 'UNAVAILABLE', true],
    ['243', 'OUT_OF_SPACE', true],
    ['252', 'OVERLOADED', true],
    ['319', 'UNAVAILABLE', true],
    ['27', 'BAD_DATA', false],
    ['117', 'BAD_DATA', false],
    ['516', 'ACCESS_DENIED', false],
    ['62', 'REFUSED', false],
  ])('%s is %s, worth repeating: %s', (code, expected, retryable) => {
    expect(classifyError(server(code), outcome)).toMatchObject({ code: expected, retryable, serverCode: Number(code) })
  })

  test('252 for a block over too many days is bad data: it would fail again', () => {
    const error = server('252', 'Too many partitions for single INSERT block (more than 100)')
    expect(classifyError(error, outcome)).toMatchObject({ code: 'BAD_DATA', retryable: false })
  })

  test.each([['6', 'VIEW_REFUSED'], ['395', 'VIEW_REFUSED'], ['241', 'OVERLOADED'], ['60', 'SCHEMA_MISSING']])('%s in a materialized view is %s: the table may have the rows, unless it is worth repeating as it is', (code, expected) => {
    expect(classifyError(server(code, 'Cannot parse: while pushing to view otel.mine'), outcome).code).toBe(expected)
  })

  test('of any number that says the disk is full is lack of space', () => {
    expect(classifyError(server('75', 'Cannot write to file, errno: 28, strerror: No space left on device'), outcome).code).toBe('OUT_OF_SPACE')
  })
})

test('an abort by the caller, a passed deadline and a lost connection are told apart', () => {
  const thrown = new Error('The user aborted a request.')
  expect(classifyError(thrown, { ...outcome, aborted: true })).toMatchObject({ code: 'ABORTED', retryable: false })
  expect(classifyError(thrown, { ...outcome, timedOut: true })).toMatchObject({ code: 'TIMEOUT', retryable: true, message: expect.stringContaining('100 ms') as string })
  expect(classifyError(new Error('socket hang up'), outcome)).toMatchObject({ code: 'UNREACHABLE', retryable: true, cause: expect.any(Error) as Error })
})

describe('options', () => {
  test('are filled in; gzip is for the network, not for loopback', () => {
    expect(resolveClickHouseOptions({})).toMatchObject({ url: 'http://127.0.0.1:8123', database: 'otel', requestTimeoutMs: 30_000, compression: false })
    expect(resolveClickHouseOptions({ url: 'https://ch.example:8443', requestTimeoutMs: '5s' })).toMatchObject({ compression: true, requestTimeoutMs: 5000 })
  })

  test('that cannot be read are refused without showing the URL, which may hold a password', () => {
    expect(() => resolveClickHouseOptions({ url: 'tcp://u:hunter2@ch:9000' })).toThrow(/http:\/\/ or https:\/\//)
    expect(() => resolveClickHouseOptions({ url: 'tcp://u:hunter2@ch:9000' })).not.toThrow(/hunter2/)
    expect(() => resolveClickHouseOptions({ requestTimeoutMs: 'soon' })).toThrow(/requestTimeoutMs is soon/)
  })
})
