import { randomBytes } from 'node:crypto'
import { transcodeLogs } from '@ballast/otlp'
import { readEvents } from '../events/read-events.ts'
import type { Journal } from '../journal/journal.ts'
import { DIGEST_BYTES } from '../journal/journal-record.ts'
import type { Ledger } from '../ledger/ledger.ts'

export interface OwnEventsOptions {
  /** Whose events they are. */
  readonly tenantId: string
  readonly journal: Pick<Journal, 'append'>
  readonly ledger: Ledger
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Puts events of ingest itself into its journal. They are in the ledger as any other; what has no room is refused, and gone. */
export async function writeOwnEvents({ tenantId, journal, ledger, now }: OwnEventsOptions, events: Buffer): Promise<void> {
  const receivedAtUnixNano = BigInt(now()) * 1_000_000n
  const anyTime = { oldestUnixNano: 0n, newestUnixNano: 2n ** 63n }
  const { blocks, rows } = transcodeLogs(readEvents(events, 'array', anyTime).request, { encoding: 'json', tenantId, receivedAtUnixNano })
  const whose = { tenantId, signal: 'logs' } as const
  ledger.received(whose, rows)
  const outcome = await journal.append({ ...whose, digest: randomBytes(DIGEST_BYTES), blocks, isAwaited: () => true })
  if (outcome.kind === 'accepted') ledger.accepted({ ...whose, acceptedAtMs: outcome.acceptedAtMs }, rows)
  else ledger.refused(whose, outcome.kind === 'full' ? 'journal_full' : 'unavailable', rows)
}
