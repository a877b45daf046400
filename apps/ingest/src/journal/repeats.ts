import type { JournalFiles } from './journal-files.ts'

const FILE = 'repeats.json'

/** How long a sender that got no answer may repeat a request, milliseconds. OpenTelemetry's exporters give up far earlier. */
const KEEP_MS = 600_000

/** Most requests that are remembered; the oldest are forgotten first. */
const MAX_REQUESTS = 100_000

/**
 * Requests that are in the journal although their sender may not have heard so: the process was killed, or the connection
 * closed, before the answer. Their sender sends them again, and the repeat must not be stored twice. A request that was
 * answered is not remembered, so the same bytes sent twice on purpose are stored twice.
 */
export class Repeats {
  readonly #now: () => number
  /** When each was accepted, by digest in hex, oldest first. */
  readonly #acceptedAt = new Map<string, number>()

  /** @param now - milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  add(digest: Uint8Array, acceptedAtMs = this.#now()): void {
    this.#forget()
    this.#acceptedAt.set(digestKey(digest), acceptedAtMs)
  }

  /** Whether this request is in the journal already. */
  has(digest: Uint8Array): boolean {
    this.#forget()
    return this.#acceptedAt.size > 0 && this.#acceptedAt.has(digestKey(digest))
  }

  /** Keeps them for the next process. */
  async save(files: Pick<JournalFiles, 'replace'>): Promise<void> {
    this.#forget()
    if (this.#acceptedAt.size > 0) await files.replace(FILE, JSON.stringify([...this.#acceptedAt]))
  }

  /** Adds what the process before {@link save}d. */
  async load(files: Pick<JournalFiles, 'read'>): Promise<void> {
    try {
      for (const [digest, acceptedAtMs] of JSON.parse((await files.read(FILE)).toString()) as [string, number][]) this.#acceptedAt.set(digest, acceptedAtMs)
    } catch {
      // None was kept, or it cannot be read: a repeat of the last minutes may be stored twice then; ingest must start all the same.
    }
    this.#forget()
  }

  #forget(): void {
    for (const [digest, acceptedAtMs] of this.#acceptedAt) {
      if (this.#acceptedAt.size <= MAX_REQUESTS && this.#now() - acceptedAtMs < KEEP_MS) return
      this.#acceptedAt.delete(digest)
    }
  }
}

/** A digest as the key of a map. */
export function digestKey(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('hex')
}
