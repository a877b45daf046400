import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import type { Account, Ledger } from './ledger.ts'

/** Between two times that rows are written, milliseconds. */
const WRITE_MS = 60_000

/** Time for one insert, milliseconds. */
const TIMEOUT_MS = 10_000

/** Time for the last one: the process is to end. */
const LAST_TIMEOUT_MS = 2_000

const COUNTS = ['requests', 'bytes', 'received', 'replayed', 'stored', 'sampled', 'deduplicated'] as const

export interface LedgerWriterOptions {
  readonly ledger: Ledger
  readonly client: Pick<ClickHouse, 'insertBlock'>
  /** Names this process among all that ever wrote. */
  readonly instance: string
  /** When the oldest segment of the journal was begun, milliseconds since 1970; now when it is empty. */
  readonly oldestAtMs: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** @default 60000 */
  readonly everyMs?: number
}

/** Counts of an account as a flat object. */
type Snapshot = Readonly<Record<string, number>>

/**
 * Writes the ledger into ClickHouse: what happened since the last row of each tenant and signal. What cannot be written is in a
 * later row; rows that may be written already are sent again as they are, and count once.
 */
export class LedgerWriter {
  readonly #options: LedgerWriterOptions
  readonly #written = new Map<string, Snapshot>()
  #unwritten: { readonly body: Buffer; readonly token: string } | undefined
  #sequence = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined

  constructor(options: LedgerWriterOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => void this.write(), this.#options.everyMs ?? WRITE_MS).unref()
  }

  /** Writes the last rows. */
  async stop(signal: AbortSignal): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    await this.write(signal)
  }

  /** Never rejects. */
  write(signal?: AbortSignal): Promise<void> {
    this.#writing ??= this.#write(signal).finally(() => (this.#writing = undefined))
    return this.#writing
  }

  async #write(signal: AbortSignal | undefined): Promise<void> {
    const { client, instance } = this.#options
    try {
      if (this.#unwritten === undefined) {
        const rows = [...this.#options.ledger.accounts()].flatMap((account) => this.#rowOf(account) ?? [])
        if (rows.length === 0) return
        this.#unwritten = { body: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')), token: `${instance}-${++this.#sequence}` }
      }
      const { body, token } = this.#unwritten
      await client.insertBlock({ table: tableNames.ingestLedger, format: 'JSONEachRow', body, deduplicationToken: token, timeoutMs: signal === undefined ? TIMEOUT_MS : LAST_TIMEOUT_MS, ...(signal && { signal }) })
      this.#unwritten = undefined
    } catch {
      // ClickHouse is away, and that is told elsewhere.
    }
  }

  /** What happened since the last row; `undefined` when nothing did. */
  #rowOf(account: Account): object | undefined {
    const { tenantId, signal, rejected, refused, turnedAway, journal } = account
    const key = `${tenantId}\n${signal}`
    const before = this.#written.get(key) ?? {}
    const counts: Record<string, number> = Object.fromEntries(COUNTS.map((name) => [name, account[name]]))
    for (const [kind, reasons] of Object.entries({ rejected, refused, turned_away: turnedAway })) for (const [reason, records] of reasons) counts[`${kind}.${reason}`] = records
    const grown = Object.entries(counts).map(([name, count]): [string, number] => [name, count - (before[name] ?? 0)]).filter(([, count]) => count > 0)
    if (grown.length === 0) return undefined
    this.#written.set(key, counts)
    const since = Object.fromEntries(grown)
    const reasons = grown.filter(([name]) => name.includes('.'))
    const total = (kind: string): number => reasons.reduce((sum, [name, count]) => (name.startsWith(`${kind}.`) ? sum + count : sum), 0)
    const oldestAtMs = this.#options.oldestAtMs()
    return {
      Time: Math.floor(this.#options.now() / 1000),
      TenantId: tenantId,
      Signal: signal,
      Instance: this.#options.instance,
      ...Object.fromEntries(COUNTS.map((name) => [name[0]!.toUpperCase() + name.slice(1), since[name] ?? 0])),
      Rejected: total('rejected'),
      Refused: total('refused'),
      InJournal: Math.max(0, journal.inJournal(oldestAtMs)),
      Difference: journal.difference(oldestAtMs),
      Reasons: Object.fromEntries(reasons),
    }
  }
}
