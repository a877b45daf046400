import { afterEach, expect, test } from 'vitest'
import { type OtlpServer, otlpServer, span, traces } from './otlp-server.ts'

let ingest: OtlpServer
afterEach(() => ingest.close())

test('of a segment that is damaged in the middle the rest is stored and the file is kept; segments before and after it are stored and gone', async () => {
  ingest = await otlpServer({ batchMaxRows: 3, batchMaxAgeMs: 60_000 })
  ingest.database.state = { kind: 'down', reason: 'away', code: 'UNREACHABLE' }
  const send = async (name: string): Promise<void> => {
    const answer = await ingest.server.inject({ method: 'POST', url: '/v1/traces', payload: traces(span(name)), headers: { 'content-type': 'application/json' } })
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`)
  }
  for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3']) await send(name)
  await expect.poll(() => ingest.files.names('.segment').length).toBe(3)
  const damaged = ingest.files.names('.segment').find((name) => ingest.files.files.get(name)!.bytes.includes('b2'))!
  const { bytes } = ingest.files.files.get(damaged)!
  bytes[bytes.indexOf('b2')]! ^= 1
  ingest.database.state = { kind: 'ready' }
  await ingest.settled()
  expect(ingest.store.rows.map((row) => String(row['SpanName'])).toSorted()).toEqual(['a1', 'a2', 'a3', 'b1', 'b3', 'c1', 'c2', 'c3'])
  expect(ingest.files.names().filter((name) => /\.(segment|open|corrupt)$/.test(name))).toEqual([damaged.replace('.segment', '.corrupt')])
  expect(await ingest.count('ballast_ingest_journal_set_aside_total')).toBe(1)
})
