import type { ClickHouse } from '@ballast/clickhouse'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { Prover } from '../src/proof/prover.ts'
import { TraceReader } from '../src/proof/trace-reader.ts'
import { objective } from './objectives.ts'
import { insertSpans, openDatabase } from './span-rows.ts'

const MINUTE_MS = 60_000
/** A whole minute of an hour ago. */
const AT_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 60 * MINUTE_MS
const stretch = { fromMs: AT_MS - 5 * MINUTE_MS, toMs: AT_MS + MINUTE_MS }
let clickhouse: ClickHouse

beforeAll(async () => {
  clickhouse = await openDatabase(inject('clickhouseUrl'), 'slo_proof')
})

afterAll(() => clickhouse.close())

describe('a proof from ClickHouse', () => {
  test('has traces of bad events, what they have in common, and the version that came before', async () => {
    const base = { service: 'pay', atMs: AT_MS }
    await insertSpans(clickhouse, [{ ...base, atMs: AT_MS - 3 * 60 * MINUTE_MS, version: '1.0', attributes: {} }], 10)
    await insertSpans(clickhouse, [{ ...base, version: '1.0', attributes: { route: '/a', host: 'h1' } }, { ...base, version: '1.0', attributes: { route: '/b', host: 'h2' } }], 50)
    await insertSpans(clickhouse, [{ ...base, version: '2.0', attributes: { route: '/b', host: 'h1' } }, { ...base, version: '2.0', status: 'Error', attributes: { route: '/b', host: 'h2', 'error.type': `it's "odd"` } }], 20)
    // What is out of scope or time must not count.
    await insertSpans(clickhouse, [{ ...base, kind: 'Client', status: 'Error', attributes: { route: '/elsewhere' } }, { ...base, atMs: stretch.toMs, status: 'Error', attributes: { route: '/later' } }], 20)
    const proof = await new Prover(clickhouse).prove({ ...objective({ service: 'pay' }) }, stretch)
    expect(proof.exampleTraceIds).toHaveLength(5)
    expect(proof.differences.map(({ attribute, value }) => `${attribute}=${value}`)).toEqual([`error.type=it's "odd"`, 'service.version=2.0', 'host=h2', 'route=/b'])
    expect(proof.differences[1]).toMatchObject({ badShare: 1, goodShare: 20 / 120, lift: 140 / 40 })
    expect(proof.deploys).toEqual([{ service: 'pay', version: '2.0', firstSeenAt: new Date(AT_MS).toISOString() }])
  })

  test('of a service without bad events is empty', async () => {
    await insertSpans(clickhouse, [{ service: 'calm', atMs: AT_MS, version: '1.0' }], 10)
    expect(await new Prover(clickhouse).prove(objective({ service: 'calm' }), stretch)).toEqual({ exampleTraceIds: [], differences: [], deploys: [] })
  })

  test('has what can be had when a question fails, and fails when all do', async () => {
    const lame = (fails: (query: string) => boolean): Prover => new Prover({ query: (statement) => (fails(statement.query) ? Promise.reject(new Error('too slow')) : clickhouse.query(statement)) })
    const proof = await lame((query) => query.includes('ARRAY JOIN')).prove(objective({ service: 'pay' }), stretch)
    expect([proof.differences, proof.exampleTraceIds.length, proof.deploys.length]).toEqual([[], 5, 1])
    await expect(lame(() => true).prove(objective({ service: 'pay' }), stretch)).rejects.toThrow('too slow')
  })
})

test('a trace is read whole, in the order of its spans, and one that is not there is empty', async () => {
  const traceId = 'f'.repeat(32)
  await insertSpans(clickhouse, [
    { service: 'b', atMs: AT_MS + 7, traceId, spanId: 'b'.repeat(16), parentSpanId: 'a'.repeat(16), operation: 'GET /b', status: 'Error', durationNs: 5_000_000 },
    { service: 'a', atMs: AT_MS, traceId, spanId: 'a'.repeat(16), operation: 'GET /a', durationNs: 20_000_000 },
    { service: 'c', atMs: AT_MS + 61_000, traceId, spanId: 'c'.repeat(16), parentSpanId: 'a'.repeat(16), operation: 'work' },
  ])
  const reader = new TraceReader(clickhouse, 5000)
  const spans = await reader.read(traceId)
  expect(spans.map(({ service, name, status, startNs, durationNs }) => [service, name, status, startNs, durationNs])).toEqual([
    ['a', 'GET /a', 'Unset', 0, 20_000_000],
    ['b', 'GET /b', 'Error', 7_000_000, 5_000_000],
    ['c', 'work', 'Unset', 61_000_000_000, 1_000_000],
  ])
  expect(spans[0]).toMatchObject({ spanId: 'a'.repeat(16), parentSpanId: '', startedAt: new Date(AT_MS).toISOString() })
  expect(await reader.read('e'.repeat(32))).toEqual([])
})
