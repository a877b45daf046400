import { gzipSync, zstdCompressSync } from 'node:zlib'
import { ClickHouseError } from '@ballast/clickhouse'
import { builtInRules, createRedaction } from '@ballast/otlp'
import { afterEach, describe, expect, test } from 'vitest'
import { unreachable } from './fake-store.ts'
import { tenantsByKey } from './known-keys.ts'
import { type OtlpServer, otlpServer, span, traces } from './otlp-server.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' }
const open: OtlpServer[] = []

async function start(...options: Parameters<typeof otlpServer>): Promise<OtlpServer> {
  const server = await otlpServer(...options)
  open.push(server)
  return server
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const post = ({ server }: OtlpServer, payload: string | Buffer, headers: Record<string, string> = JSON_TYPE, url = '/v1/traces') => server.inject({ method: 'POST', url, payload, headers })

describe('a success', () => {
  test('is 200 with {} in JSON, and nothing in protobuf, when all is well', async () => {
    const ingest = await start()
    const json = await post(ingest, traces(span()), { 'content-type': 'application/json; charset=utf-8' })
    expect([json.statusCode, json.headers['content-type'], json.body]).toEqual([200, 'application/json', '{}'])
    const empty = await post(ingest, Buffer.alloc(0), PROTOBUF_TYPE)
    expect([empty.statusCode, empty.headers['content-type'], empty.rawPayload.length]).toEqual([200, 'application/x-protobuf', 0])
    await ingest.settled()
    expect(ingest.store.rows).toHaveLength(1)
  })

  test.each(['', '{}', '{"resourceSpans":[]}'])('is also the answer to the empty request %o, and nothing is inserted', async (body) => {
    const ingest = await start()
    expect((await post(ingest, body)).statusCode).toBe(200)
    expect(ingest.files.names()).toEqual(['receipts.key'])
  })

  test('with rejected records says exactly how many and why, in either encoding', async () => {
    const ingest = await start()
    const json = await post(ingest, traces(span(), span('x', { traceId: '' }), span('y', { spanId: 'zz' })))
    expect(json.statusCode).toBe(200)
    expect(json.json()).toEqual({ partialSuccess: { rejectedSpans: '2', errorMessage: expect.stringMatching(/^2 spans rejected \(invalid_trace_id 1, invalid_span_id 1\); the first: the trace id is missing/) as string } })
    // ExportTraceServiceRequest > ResourceSpans > ScopeSpans > an empty Span.
    const protobuf = await post(ingest, Buffer.from('0a0412021200', 'hex'), PROTOBUF_TYPE)
    // partial_success, its length in two bytes, rejected_spans = 1, error_message.
    expect(protobuf.rawPayload.toString('hex')).toMatch(/^0a[89a-f].01080112/)
    expect(protobuf.body).toContain('1 span rejected')
    await ingest.settled()
    const rejects = ingest.store.attempts.filter((batch) => batch.table === 'ballast_rejects')
    expect(rejects.flatMap((batch) => batch.body)).toHaveLength(2)
  })

  test('with something odd says so with nothing rejected', async () => {
    const answer = await post(await start(), '{"unheard":"of"}')
    expect(answer.json()).toEqual({ partialSuccess: { errorMessage: expect.stringContaining('no_known_field') as string } })
  })

  test.each([['gzip', gzipSync], ['zstd', zstdCompressSync]])('is the answer to a %s body', async (encoding, compress) => {
    const ingest = await start()
    expect((await post(ingest, compress(traces(span('squeezed'))), { ...JSON_TYPE, 'content-encoding': encoding })).statusCode).toBe(200)
    await ingest.settled()
    expect(ingest.store.rows[0]).toMatchObject({ SpanName: 'squeezed' })
  })
})

describe('an error', () => {
  test.each([
    ['a body that cannot be read', { payload: '{' }, 400, 3, /not JSON/],
    ['logs sent to the traces', { payload: '{"resourceLogs":[]}' }, 400, 3, /\/v1\/logs/],
    ['gzip that ends too early', { payload: gzipSync('{}').subarray(0, 12), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }, 400, 3, /not complete gzip/],
    ['an unknown content encoding', { payload: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'lzma' } }, 400, 3, /Content-Encoding/],
    ['another method', { method: 'GET' as const }, 405, 12, /POST only/],
    ['another path', { url: '/v1/tarces', payload: '{}' }, 404, 12, /\/v1\/traces, \/v1\/logs/],
    ['another content type', { payload: 'x', headers: { 'content-type': 'text/plain' } }, 415, 3, /application\/x-protobuf/],
    ['no content type', { payload: 'x', headers: {} }, 415, 3, /application\/x-protobuf/],
    ['a content type that is none', { payload: 'x', headers: { 'content-type': '/;' } }, 415, 3, /application\/x-protobuf/],
    ['a body over the limit', { payload: 'x'.repeat(1024 * 1024 + 1) }, 413, 8, /larger than 1048576 bytes/],
    ['a body that inflates over the limit', { payload: gzipSync(Buffer.alloc(8 * 1024 * 1024)), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }, 413, 8, /larger than 1048576 bytes/],
  ])('for %s has its status code and a Status body', async (_, request, status, code, message) => {
    const ingest = await start()
    const answer = await ingest.server.inject({ method: 'POST', url: '/v1/traces', headers: JSON_TYPE, ...request })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.json()).toMatchObject({ code, message: expect.stringMatching(message) as string })
    // What is wrong with the request is told again as a detail, so that clients find it where google.rpc has it.
    const { details } = answer.json<{ details?: { '@type': string; fieldViolations: unknown[] }[] }>()
    expect(details?.map((detail) => detail['@type'])).toEqual(status === 400 ? ['type.googleapis.com/google.rpc.BadRequest'] : undefined)
    expect(ingest.store.attempts).toEqual([])
  })

  test('is a protobuf Status for a protobuf request', async () => {
    const answer = await post(await start(), Buffer.from('0aff', 'hex'), PROTOBUF_TYPE)
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([400, 'application/x-protobuf'])
    expect(answer.rawPayload.subarray(0, 3).toString('hex')).toBe('080312')
    expect(answer.body).toContain('not a protobuf message')
  })

  test('for another method names the one that is allowed', async () => {
    expect((await (await start()).server.inject({ method: 'PUT', url: '/v1/logs' })).headers['allow']).toBe('POST')
  })
})

describe('with API keys', () => {
  const authenticate = tenantsByKey({ k1: 'acme' })

  test.each([{ authorization: 'Bearer k1' }, { 'x-api-key': 'k1' }])('%o opens the door, for its tenant', async (header) => {
    const ingest = await start({}, authenticate)
    expect((await post(ingest, traces(span()), { ...JSON_TYPE, ...header })).statusCode).toBe(200)
    await ingest.settled()
    expect(ingest.store.rows[0]).toMatchObject({ TenantId: 'acme' })
  })

  test.each<Record<string, string>>([{}, { authorization: 'Bearer k2' }, { authorization: 'Basic k1' }, { 'x-api-key': '' }])('%o does not', async (header) => {
    const answer = await post(await start({}, authenticate), traces(span()), { ...JSON_TYPE, ...header })
    expect([answer.statusCode, answer.headers['www-authenticate'], answer.json<{ code: number }>().code]).toEqual([401, 'Bearer', 16])
  })
})

describe('when ClickHouse', () => {
  test('is away, requests are accepted all the same, and stored when it is back', async () => {
    const ingest = await start()
    ingest.database.state = { kind: 'down', reason: 'connection refused', code: 'UNREACHABLE' }
    expect((await post(ingest, traces(span('early')))).statusCode).toBe(200)
    expect(ingest.store.attempts).toEqual([])
    expect(await ingest.count('ballast_ingest_journal_bytes')).toBeGreaterThan(100)
    ingest.database.state = { kind: 'ready' }
    await ingest.settled()
    expect(ingest.store.rows).toMatchObject([{ SpanName: 'early' }])
    expect(ingest.files.names()).toEqual(['receipts.key'])
  })

  test('fails for a moment, the same bytes go again with the same token', async () => {
    const ingest = await start()
    ingest.store.failures = [unreachable(), unreachable()]
    expect((await post(ingest, traces(span()))).statusCode).toBe(200)
    await expect.poll(() => ingest.database.state.kind).toBe('down')
    expect(ingest.database.state).toMatchObject({ code: 'UNREACHABLE' })
    ingest.database.state = { kind: 'ready' }
    await ingest.settled()
    const [first, second, third] = ingest.store.attempts
    for (const repeat of [second, third]) {
      expect(repeat!.deduplicationToken).toBe(first!.deduplicationToken)
      expect(repeat!.body).toEqual(first!.body)
    }
    expect(ingest.store.rows).toHaveLength(1)
  })

  test('does not let us in, it counts as down at once, and what was accepted waits', async () => {
    const ingest = await start()
    ingest.store.failures = [new ClickHouseError('ACCESS_DENIED', 'wrong password')]
    expect((await post(ingest, traces(span()))).statusCode).toBe(200)
    await expect.poll(() => ingest.database.state).toEqual({ kind: 'down', reason: 'wrong password', code: 'ACCESS_DENIED' })
    expect(ingest.pipeline.journal.segments).toBe(1)
    ingest.database.state = { kind: 'ready' }
    await ingest.settled()
    expect(ingest.store.rows).toHaveLength(1)
  })

  test('cannot read one request of a batch, that one lies in the quarantine with the reason and the others are stored', async () => {
    const ingest = await start({ batchMaxRows: 3, batchMaxAgeMs: 10_000 })
    ingest.store.poison = 'poisoned'
    const answers = await Promise.all([post(ingest, traces(span('one'))), post(ingest, traces(span('poisoned'))), post(ingest, traces(span('two')))])
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200])
    ingest.store.onlyTable = 'otel_traces'
    await ingest.settled()
    expect(ingest.store.rows).toHaveLength(2)
    const quarantined = ingest.store.attempts.find((batch) => batch.table === 'ballast_rejects')
    expect(Buffer.concat(quarantined!.body).toString('latin1')).toMatch(/bad_data.*1 row for otel_traces: cannot parse.*journal-\d+.*Native.*poisoned/s)
    expect(ingest.database.state).toEqual({ kind: 'ready' })
    expect(await ingest.count('ballast_ingest_records_rejected_total', 'reason="bad_data"')).toBe(1)
  })
})

describe('when the journal', () => {
  test('cannot be written, the request is to be sent again, and the next one is accepted', async () => {
    const ingest = await start()
    ingest.files.failures.write = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    const answer = await post(ingest, traces(span()))
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2'])
    expect(answer.json()).toMatchObject({ code: 14, message: expect.stringContaining('no space left on device') as string })
    expect((await post(ingest, traces(span()))).statusCode).toBe(200)
    await ingest.settled()
    expect(ingest.store.rows).toHaveLength(1)
  })

  test('is full, requests are refused before they are read, and told when to come back', async () => {
    const ingest = await start({ journalMaxBytes: 20_000 })
    ingest.database.state = { kind: 'down', reason: 'connection refused', code: 'UNREACHABLE' }
    expect((await post(ingest, traces(span('x'.repeat(15_000))))).statusCode).toBe(200)
    const answer = await post(ingest, traces(span('y'.repeat(15_000))))
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
    expect(answer.json<{ message: string }>().message).toMatch(/the journal is full: \d+ of 20000 bytes wait/)
    ingest.database.state = { kind: 'ready' }
    await ingest.settled()
    expect((await post(ingest, traces(span('y'.repeat(15_000))))).statusCode).toBe(200)
  })

  test('is nearly full, requests of low priority are refused, and others taken', async () => {
    const ingest = await start({ journalMaxBytes: 20_000 })
    ingest.database.state = { kind: 'down', reason: 'away', code: 'UNREACHABLE' }
    expect((await post(ingest, traces(span('x'.repeat(16_000))))).statusCode).toBe(200)
    const low = await post(ingest, traces(span('y')), { ...JSON_TYPE, 'x-ballast-priority': 'low' })
    expect([low.statusCode, low.json<{ message: string }>().message]).toEqual([503, expect.stringContaining('nearly full')])
    expect((await post(ingest, traces(span('y')))).statusCode).toBe(200)
    ingest.database.state = { kind: 'ready' }
    await ingest.settled()
  })

  test('waits for the disk, requests beyond the bound of the queue are answered 429', async () => {
    const ingest = await start({ maxQueuedBytes: 3000 })
    let release = (): void => undefined
    ingest.files.gate = new Promise((resolve) => {
      release = resolve
    })
    const waiting = post(ingest, traces(span('x'.repeat(1500))))
    await expect.poll(() => ingest.count('ballast_ingest_journal_bytes')).toBeGreaterThan(1500)
    const answer = await post(ingest, traces(span('y'.repeat(1500))))
    expect([answer.statusCode, answer.headers['retry-after'], answer.json<{ code: number }>().code]).toEqual([429, '1', 8])
    release()
    expect((await waiting).statusCode).toBe(200)
    expect((await post(ingest, traces(span('y'.repeat(1500))))).statusCode).toBe(200)
  })
})

test('every record received is stored, rejected or refused, and every request is counted', async () => {
  const ingest = await start()
  await post(ingest, traces(span(), span(), span('', { traceId: '' })))
  await ingest.settled()
  ingest.store.poison = 'poisoned'
  ingest.store.onlyTable = 'otel_traces'
  await post(ingest, traces(span('poisoned'), span()))
  await post(ingest, '{')
  await ingest.settled()
  ingest.files.failures.write = new Error('EIO')
  await post(ingest, traces(span(), span(), span()))
  const [received, stored, rejected, refused] = await Promise.all(['received', 'stored', 'rejected', 'refused'].map((name) => ingest.count(`ballast_ingest_records_${name}_total`)))
  expect({ received, stored, rejected, refused }).toEqual({ received: 8, stored: 3, rejected: 2, refused: 3 })
  expect(await ingest.count('ballast_ingest_records_rejected_total', 'reason="bad_data"')).toBe(1)
  const codes = await Promise.all([200, 400, 503].map((code) => ingest.count('ballast_ingest_requests_total', `signal="traces",code="${code}"`)))
  expect(codes).toEqual([2, 1, 1])
  expect(await ingest.count('ballast_ingest_queued_bytes')).toBe(0)
  expect(await ingest.count('ballast_ingest_journal_bytes')).toBe(0)
})

test('a stop with ClickHouse away leaves what was accepted for the next start', async () => {
  const ingest = await start()
  ingest.store.failures = Array.from({ length: 10 }, unreachable)
  expect((await post(ingest, traces(span()))).statusCode).toBe(200)
  await expect.poll(() => ingest.count('ballast_ingest_journal_segments')).toBeGreaterThan(0)
  await ingest.pipeline.drain(AbortSignal.abort())
  expect(ingest.files.names('.segment')).toHaveLength(1)
})

test('records that ClickHouse would drop at once, or of a day to come, are rejected alone, counted, and kept in the quarantine', async () => {
  const day = 86_400_000
  const ingest = await start({ maxRecordAgeMs: 30 * day, maxRecordAheadMs: day })
  const at = (name: string, offsetMs: number): object => span(name, { startTimeUnixNano: `${Date.now() + offsetMs}000000`, endTimeUnixNano: `${Date.now() + offsetMs}000001` })
  const answer = await post(ingest, traces(at('old', -31 * day), at('kept', -29 * day), at('now', 0), at('ahead', day - 60_000), at('impossible', 2 * day)))
  expect(answer.json()).toEqual({ partialSuccess: { rejectedSpans: '2', errorMessage: expect.stringMatching(/^2 spans rejected \(timestamp_too_old 1, timestamp_in_future 1\); the first: time \d+ is before \d{4}-.*, the oldest that is kept/) as string } })
  await ingest.settled()
  expect(ingest.store.rows.map((row) => row['SpanName'])).toEqual(['kept', 'now', 'ahead'])
  expect(ingest.store.attempts.filter(({ table }) => table === 'ballast_rejects')).toHaveLength(1)
  expect(await ingest.count('ballast_ingest_records_rejected_total', 'reason="timestamp_too_old"')).toBe(1)
  const events = await post(ingest, JSON.stringify([{ name: 'old', time: Date.now() - 31 * day }, { name: 'new' }]), JSON_TYPE, '/v1/events')
  expect(events.json()).toMatchObject({ accepted: 1, rejected: 1, items: [{ field: 'time', message: expect.stringMatching(/^must lie between /) as string }, { status: 'accepted' }] })
})

test('no secret reaches a block or the quarantine, and every hit is counted by its rule', async () => {
  const ingest = await start({}, undefined, { redaction: createRedaction({ rules: [builtInRules.credentials] }) })
  const field = (number: number, ...parts: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(parts)
    return Buffer.concat([Buffer.from([(number << 3) | 2, (content.length & 0x7f) | 0x80, content.length >> 7]), content])
  }
  const attribute = field(9, field(1, Buffer.from('password')), field(2, field(1, Buffer.from('hunter22'))))
  const traceId = field(1, Buffer.alloc(16, 1))
  // Two spans; the second one has no id.
  const body = field(1, field(2, field(2, traceId, field(2, Buffer.alloc(8, 2)), attribute), field(2, traceId, attribute)))
  expect((await post(ingest, body, PROTOBUF_TYPE)).statusCode).toBe(200)
  await expect.poll(() => ingest.store.attempts.length).toBe(2)
  const stored = Buffer.concat(ingest.store.attempts.flatMap((batch) => batch.body)).toString('latin1')
  expect(stored).not.toContain('hunter22')
  expect(stored).toContain('[redacted]')
  expect(await ingest.count('ballast_ingest_redactions_total', 'signal="traces",rule="credentials"')).toBe(1)
})
