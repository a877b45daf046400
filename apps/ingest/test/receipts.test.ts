import { ClickHouseError } from '@ballast/clickhouse'
import { afterEach, expect, test } from 'vitest'
import { type OtlpServer, otlpServer, type OtlpServerExtras, span, traces } from './otlp-server.ts'
import { tenantsByKey } from './known-keys.ts'

const open: OtlpServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

async function start(extras: OtlpServerExtras = {}): Promise<{ readonly ingest: OtlpServer; readonly send: (name: string, key?: string) => Promise<string>; readonly look: (id: string, key?: string) => Promise<{ status: number; body: Record<string, unknown> }> }> {
  const ingest = await otlpServer({}, tenantsByKey({ k: 'acme', other: 'other' }), extras)
  open.push(ingest)
  return {
    ingest,
    async send(name, key = 'k') {
      const answer = await ingest.server.inject({ method: 'POST', url: '/v1/traces', payload: traces(span(name)), headers: { 'content-type': 'application/json', 'x-api-key': key } })
      return String(answer.headers['x-ballast-receipt'])
    },
    async look(id, key = 'k') {
      const answer = await ingest.server.inject({ method: 'GET', url: `/v1/receipts/${id}`, headers: { 'x-api-key': key } })
      return { status: answer.statusCode, body: answer.json() }
    },
  }
}

test('a receipt says journalled until ClickHouse has the rows, then stored', async () => {
  const { ingest, send, look } = await start()
  ingest.database.state = { kind: 'down', reason: 'away', code: 'UNREACHABLE' }
  const [first, second] = [await send('a'), await send('b')]
  expect(await look(first)).toEqual({ status: 200, body: { id: first, state: 'journalled' } })
  expect(await look(second)).toEqual({ status: 200, body: { id: second, state: 'journalled' } })
  ingest.database.state = { kind: 'ready' }
  await ingest.settled()
  expect((await look(first)).body['state']).toBe('stored')
  expect((await look(second)).body['state']).toBe('stored')
})

test('it says rejected, and why, when ClickHouse refused rows of it', async () => {
  const { ingest, send, look } = await start({ query: (({ params }: { params: { tenantId: string; requestId: string } }) => Promise.resolve(params.tenantId === 'acme' && /^journal-\d+$/.test(params.requestId) ? [{ Detail: 'why' }] : [])) as never })
  const receipt = await send('a')
  await ingest.settled()
  expect((await look(receipt)).body).toEqual({ id: receipt, state: 'rejected', reasons: ['why'] })
})

test('nobody but its tenant can look it up, and nobody can make one', async () => {
  const { send, look } = await start()
  const receipt = await send('a')
  const forged = receipt.replace(/^./, (digit) => (digit === '1' ? '2' : '1'))
  expect([(await look(receipt, 'other')).status, (await look(forged)).status, (await look('nonsense')).status, (await look(receipt, 'nobody')).status]).toEqual([404, 404, 404, 401])
})

test('when it is not in the journal and ClickHouse cannot be asked, that is said, and no more', async () => {
  const { ingest, send, look } = await start({ query: () => Promise.reject(new ClickHouseError('UNREACHABLE', 'away')) })
  const receipt = await send('a')
  await ingest.settled()
  expect((await look(receipt)).status).toBe(503)
})

test('a damaged segment that cannot be read says so', async () => {
  const { ingest, send, look } = await start()
  ingest.database.state = { kind: 'down', reason: 'away', code: 'UNREACHABLE' }
  const receipt = await send('a')
  await ingest.pipeline.journal.flush()
  const [name] = ingest.files.names('.segment')
  ingest.files.bytesOf('.segment')[100]! ^= 0xff
  await ingest.files.rename(name!, name!.replace('.segment', '.corrupt'))
  expect((await look(receipt)).body['state']).toBe('lost')
  await ingest.files.rename(name!.replace('.segment', '.corrupt'), name!)
  ingest.files.bytesOf('.segment')[100]! ^= 0xff
})
