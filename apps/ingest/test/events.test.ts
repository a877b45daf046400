import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type OtlpServer, otlpServer } from './otlp-server.ts'

let ingest: OtlpServer
beforeEach(async () => {
  ingest = await otlpServer()
})
afterEach(() => ingest.close())

const send = (payload: string | Buffer, headers: Record<string, string> = {}) => ingest.server.inject({ method: 'POST', url: '/v1/events', payload, headers: { 'content-type': 'application/json', ...headers } })
const one = async (event: object): Promise<unknown> => (await send(JSON.stringify([event]))).json<{ items: unknown[] }>().items[0]

describe('events', () => {
  test('are rows of otel_logs, one each, right in every column', async () => {
    const event = {
      name: 'order.placed',
      service: 'checkout',
      time: '2026-11-21T12:00:00.123456789+01:00',
      severity: 'warn',
      message: 'an order',
      traceId: 'A'.repeat(32),
      spanId: 'b'.repeat(16),
      attributes: { 'order.total': 12.5, items: 3, vip: true, tags: ['a', null], nested: { b: 1, a: 'x' }, nothing: null },
    }
    const answer = await send(JSON.stringify([event, { name: 'second' }]))
    expect([answer.statusCode, answer.json()]).toEqual([200, { accepted: 2, rejected: 0, items: [{ status: 'accepted' }, { status: 'accepted' }] }])
    await ingest.settled()
    expect(ingest.store.rows).toEqual([
      expect.objectContaining({
        Timestamp: BigInt(Date.parse('2026-11-21T11:00:00Z')) * 1_000_000n + 123_456_789n,
        EventName: 'order.placed',
        ServiceName: 'checkout',
        SeverityText: 'WARN',
        SeverityNumber: 13,
        Body: 'an order',
        TraceId: 'a'.repeat(32),
        SpanId: 'b'.repeat(16),
        TenantId: 'default',
      }),
      expect.objectContaining({ EventName: 'second', SeverityText: 'INFO', ServiceName: 'unknown_service' }),
    ])
    expect(Object.fromEntries(ingest.store.rows[0]!['LogAttributes'] as [string, string][] | Iterable<readonly [string, string]>)).toEqual({
      'order.total': '12.5', items: '3', vip: 'true', tags: '["a",null]', nested: '{"a":"x","b":1}', nothing: '',
    })
  })

  test('come as one a line, too, compressed or not, and a broken line costs that event alone', async () => {
    const lines = '{"name":"a"}\n\n{"name":\r\n{"name":"b","time":1700000000000.5}\n'
    const answer = await send(gzipSync(lines), { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' })
    expect(answer.json()).toEqual({ accepted: 2, rejected: 1, items: [{ status: 'accepted' }, { status: 'rejected', field: '', message: expect.stringMatching(/^is not JSON: /) as string }, { status: 'accepted' }] })
    await ingest.settled()
    expect(ingest.store.rows.map((row) => row['EventName'])).toEqual(['a', 'b'])
    expect(ingest.store.rows[1]!['Timestamp']).toBe(1_700_000_000_000_500_000n)
  })

  test.each([
    [{}, /^name$/, /1 to 256 characters/],
    [{ name: 'x'.repeat(257) }, /^name$/, /1 to 256 characters/],
    [{ name: 'x', user: 7 }, /^user$/, /put it into attributes/],
    [{ name: 'x', time: 'yesterday' }, /^time$/, /2026-11-21T/],
    [{ name: 'x', time: '2026-13-01T00:00:00Z' }, /^time$/, /2026-11-21T/],
    [{ name: 'x', time: '2107-01-01T00:00:00Z' }, /^time$/, /between 1970-01-01T00:00:00.000Z and 2106-02-07T/],
    [{ name: 'x', time: -1 }, /^time$/, /between 1970-01-01T00:00:00.000Z and 2106-02-07T/],
    [{ name: 'x', severity: 'LOUD' }, /^severity$/, /TRACE, DEBUG/],
    [{ name: 'x', message: 7 }, /^message$/, /a text/],
    [{ name: 'x', traceId: 'abc' }, /^traceId$/, /32 hexadecimal/],
    [{ name: 'x', attributes: [] }, /^attributes$/, /an object/],
    [{ name: 'x', attributes: { deep: JSON.parse('['.repeat(18) + ']'.repeat(18)) as unknown } }, /^attributes\.deep\[0\]\[0\]/, /deeper than 16/],
    [{ name: 'x', message: 'y'.repeat(300_000) }, /^$/, /larger than 262144/],
  ])('%j is rejected, and the field is named', async (event, field, message) => {
    expect(await one(event)).toEqual({ status: 'rejected', field: expect.stringMatching(field) as string, message: expect.stringMatching(message) as string })
    expect(ingest.files.names()).toEqual(['receipts.key'])
  })

  test('with a time beyond all numbers is rejected alone', async () => {
    expect((await send('[{"name":"x","time":1e999},{"name":"y"}]')).json()).toMatchObject({ accepted: 1, rejected: 1, items: [{ field: 'time' }, { status: 'accepted' }] })
  })

  test.each([
    ['{"name":"x"}', {}, 400, /not an array of events/],
    ['[', {}, 400, /not JSON/],
    [Buffer.from([0x5b, 0xff, 0x5d]), {}, 400, /not UTF-8/],
    [JSON.stringify(Array.from({ length: 10_001 }, () => 0)), {}, 400, /at most 10000/],
    ['[]', { 'content-type': 'text/csv' }, 415, /application\/json or application\/x-ndjson/],
    ['[]', { 'content-type': 'constructor' }, 415, /application\/json/],
    [`["${'x'.repeat(2 ** 20)}"]`, {}, 413, /larger than 1048576 bytes/],
  ] as const)('a body that holds none is refused as a whole', async (body, headers, status, message) => {
    const answer = await send(body, headers)
    expect([answer.statusCode, answer.json<{ message: string }>().message]).toEqual([status, expect.stringMatching(message)])
  })

  test('are counted as log records: received = stored + rejected', async () => {
    await send('[{"name":"a"},{"name":"b"},{}]')
    await ingest.settled()
    const counts = await Promise.all(['received', 'stored', 'rejected'].map((name) => ingest.count(`ballast_ingest_records_${name}_total`, 'signal="logs"')))
    expect(counts).toEqual([3, 2, 1])
    expect(await ingest.count('ballast_ingest_queued_bytes')).toBe(0)
  })

  test('are refused as everything else is while the disk fails', async () => {
    ingest.files.failures.create = new Error('no space left on device')
    const answer = await send('[{"name":"a"}]')
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2'])
  })
})
