import type { Signal } from '../otlp-http/signal.ts'
import { JournalBalance } from './journal-balance.ts'

/** Whose records, and of what kind. */
export interface Whose {
  readonly tenantId: string
  readonly signal: Signal
}

/** Records that are, or were, in the journal. */
export interface Journalled extends Whose {
  /** Milliseconds since 1970. */
  readonly acceptedAtMs: number
}

/** What became of the records of one tenant and signal, since the start. */
export interface Account extends Whose {
  requests: number
  /** Inflated bytes of requests. */
  bytes: number
  received: number
  /** Accepted by a process before this one, and read from the journal. */
  replayed: number
  stored: number
  sampled: number
  deduplicated: number
  /** By reason. */
  readonly rejected: Map<string, number>
  /** By reason. */
  readonly refused: Map<string, number>
  /** Requests that are to be sent again, by the code of the answer; most are not read, so their records are not known. */
  readonly turnedAway: Map<string, number>
  readonly journal: JournalBalance
}

/**
 * What became of every record. For each tenant and signal, once every request is answered:
 * received + replayed = stored + sampled + rejected + refused + deduplicated + what is in the journal.
 */
export class Ledger {
  readonly #accounts = new Map<string, Account>()

  accounts(): Iterable<Account> {
    return this.#accounts.values()
  }

  /** A request was read. */
  request(whose: Whose, bytes: number): void {
    const account = this.#of(whose)
    account.requests++
    account.bytes += bytes
  }

  /** Records of a request that could be read. */
  received(whose: Whose, records: number): void {
    this.#of(whose).received += records
  }

  /** Records that others stand for. */
  sampled(whose: Whose, records: number): void {
    this.#of(whose).sampled += records
  }

  /** Records of a repeat that were stored when the request came before. */
  deduplicated(whose: Whose, records: number): void {
    this.#of(whose).deduplicated += records
  }

  /** Records that can never be stored; the sender was told. */
  rejected(whose: Whose, reason: string, records: number): void {
    add(this.#of(whose).rejected, reason, records)
  }

  /** Records that were not stored now; the sender was told to send them again. */
  refused(whose: Whose, reason: string, records: number): void {
    add(this.#of(whose).refused, reason, records)
  }

  /** A request is to be sent again. */
  turnedAway(whose: Whose, code: string): void {
    add(this.#of(whose).turnedAway, code, 1)
  }

  /** Records that are on the disk. */
  accepted(record: Journalled, records: number): void {
    this.#of(record).journal.enter(record.acceptedAtMs, records)
  }

  /** Records that a process before this one had accepted, read from the journal. */
  replayed(record: Journalled, records: number): void {
    this.#of(record).replayed += records
    this.accepted(record, records)
  }

  /** Records that ClickHouse has. */
  stored(record: Journalled, records: number): void {
    const account = this.#of(record)
    account.stored += records
    account.journal.leave(record.acceptedAtMs, records)
  }

  /** Accepted records that ClickHouse refuses for good. */
  rejectedByDatabase(record: Journalled, reason: string, records: number): void {
    this.rejected(record, reason, records)
    this.#of(record).journal.leave(record.acceptedAtMs, records)
  }

  #of({ tenantId, signal }: Whose): Account {
    const key = `${tenantId}\n${signal}`
    let account = this.#accounts.get(key)
    if (account === undefined) {
      account = { tenantId, signal, requests: 0, bytes: 0, received: 0, replayed: 0, stored: 0, sampled: 0, deduplicated: 0, rejected: new Map(), refused: new Map(), turnedAway: new Map(), journal: new JournalBalance() }
      this.#accounts.set(key, account)
    }
    return account
  }
}

function add(counts: Map<string, number>, reason: string, records: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + records)
}
