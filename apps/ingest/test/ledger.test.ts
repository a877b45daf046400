import type { InsertBlock } from '@ballast/clickhouse'
import { expect, test } from 'vitest'
import { Ledger } from '../src/ledger/ledger.ts'
import { LedgerWriter } from '../src/ledger/ledger-writer.ts'

const whose = { tenantId: 'acme', signal: 'traces' } as const
const at = (acceptedAtMs: number): { tenantId: string; signal: 'traces'; acceptedAtMs: number } => ({ ...whose, acceptedAtMs })
const HOUR = 3_600_000

test('what is missing shows once the segments of its time are gone, and what is there twice as well', () => {
  const ledger = new Ledger()
  ledger.accepted(at(0), 10)
  ledger.stored(at(0), 7)
  const { journal } = [...ledger.accounts()][0]!
  expect([journal.inJournal(5_000), journal.difference(5_000)]).toEqual([3, 0])
  expect([journal.inJournal(HOUR), journal.difference(HOUR)]).toEqual([0, 3])
  ledger.rejectedByDatabase(at(0), 'bad_data', 3)
  expect(journal.difference(HOUR)).toBe(0)
  // Others that are under way do not hide it.
  ledger.accepted(at(HOUR), 5)
  ledger.stored(at(0), 2)
  expect([journal.inJournal(HOUR), journal.difference(HOUR)]).toEqual([5, -2])
})

test('rows hold what happened since the rows before; a failed write is repeated as it was, and nothing is in two rows', async () => {
  const ledger = new Ledger()
  const inserts: InsertBlock[] = []
  let away = false
  const client = {
    insertBlock(block: InsertBlock) {
      inserts.push(block)
      return away ? Promise.reject(new Error('away')) : Promise.resolve({ writtenRows: 1 })
    },
  }
  const writer = new LedgerWriter({ ledger, client, instance: 'i', oldestAtMs: () => 2_000_000, now: () => 2_000_000 })
  await writer.write()
  expect(inserts).toEqual([])
  ledger.request(whose, 500)
  ledger.received(whose, 10)
  ledger.rejected(whose, 'invalid_span_id', 1)
  ledger.accepted(at(1_999_999), 9)
  away = true
  await writer.write()
  ledger.refused(whose, 'journal_full', 4)
  ledger.turnedAway(whose, 'QUOTA_EXCEEDED')
  ledger.stored(at(1_999_999), 9)
  away = false
  await writer.write()
  await writer.write()
  await writer.write()
  const rows = inserts.map(({ body, deduplicationToken }) => [deduplicationToken, JSON.parse(String(body)) as unknown])
  const first = { Time: 2_000, TenantId: 'acme', Signal: 'traces', Instance: 'i', Requests: 1, Bytes: 500, Received: 10, Replayed: 0, Stored: 0, Sampled: 0, Deduplicated: 0, Rejected: 1, Refused: 0, InJournal: 9, Difference: 0, Reasons: { 'rejected.invalid_span_id': 1 } }
  const second = { ...first, Requests: 0, Bytes: 0, Received: 0, Stored: 9, Rejected: 0, Refused: 4, InJournal: 0, Reasons: { 'refused.journal_full': 4, 'turned_away.QUOTA_EXCEEDED': 1 } }
  expect(rows).toEqual([['i-1', first], ['i-1', first], ['i-2', second]])
})
