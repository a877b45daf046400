import { createHash } from 'node:crypto'
import type { Block } from './block-store.ts'

/** How long a repeat is waited for, milliseconds. OpenTelemetry's exporters give up far earlier. */
const KEEP_MS = 600_000

/** Most blocks that are remembered; the oldest is forgotten first. */
const MAX_BLOCKS = 10_000

/**
 * Remembers the stored blocks of requests of which another block could not be stored: the sender is told to send the request
 * again, and its repeat must add the missing blocks only. Same bytes mean same rows, because transcoding is deterministic.
 */
export class PartlyStored {
  readonly #now: () => number
  /** When each block was stored, by hash, oldest first. */
  readonly #storedAt = new Map<string, number>()

  /** @param now - milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  add(block: Block): void {
    this.#forget()
    const hash = hashOf(block)
    this.#storedAt.delete(hash)
    this.#storedAt.set(hash, this.#now())
  }

  /** Whether this block is stored already. */
  has(block: Block): boolean {
    this.#forget()
    // Nearly always there is nothing to look for, and nothing is hashed.
    return this.#storedAt.size > 0 && this.#storedAt.has(hashOf(block))
  }

  #forget(): void {
    for (const [hash, storedAt] of this.#storedAt) {
      if (this.#storedAt.size < MAX_BLOCKS && this.#now() - storedAt < KEEP_MS) return
      this.#storedAt.delete(hash)
    }
  }
}

function hashOf({ table, body }: Block): string {
  return createHash('sha256').update(`${table}\n`).update(body).digest('base64')
}
