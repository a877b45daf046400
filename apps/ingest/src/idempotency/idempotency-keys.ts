import type { Redis } from 'ioredis'
import { IngestError } from '../errors.ts'
import type { ExportOutcome } from './export-outcome.ts'

/** Header, or gRPC metadata, by which a sender names a request, the same for each of its repeats. */
export const IDEMPOTENCY_HEADER = 'idempotency-key'

/** Longest key, characters. */
const MAX_KEY_LENGTH = 255

/** Most requests that are remembered here; the oldest are forgotten first. */
const MAX_REQUESTS = 100_000

/** How long a request counts as being under way in another replica, milliseconds: after that it may come again. */
const UNDERWAY_MS = 30_000

export interface IdempotencyKeysOptions {
  /** How long a request is remembered, milliseconds. */
  readonly windowMs: number
  /** Shared by replicas, and over restarts. */
  readonly redis: Pick<Redis, 'set' | 'del'> | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Known {
  readonly bodyDigest: string
  readonly outcome: Promise<ExportOutcome>
  readonly untilMs: number
}

/** What is kept in Redis: without an outcome while the request is under way. */
interface Kept {
  readonly bodyDigest: string
  readonly outcome?: ExportOutcome
}

/** What a request came to, and whether it is the answer that an earlier one got. */
export interface Once {
  readonly outcome: ExportOutcome
  readonly isRepeat: boolean
}

/** Requests that their senders named: a repeat gets the answer of the first, and is not stored again. */
export class IdempotencyKeys {
  readonly #options: IdempotencyKeysOptions
  /** By tenant and key, oldest first. */
  readonly #known = new Map<string, Known>()

  constructor(options: IdempotencyKeysOptions) {
    this.#options = options
  }

  /**
   * Runs `take` once for each key of a tenant. What fails is forgotten, so that it can be sent again.
   *
   * @param bodyDigest - names the bytes of the request.
   * @throws IngestError IDEMPOTENCY_KEY_REUSED when the key came with other bytes; UNAVAILABLE while another replica takes it; what `take` throws.
   */
  async once(tenantId: string, key: string, bodyDigest: string, take: () => Promise<ExportOutcome>): Promise<Once> {
    if (key.length > MAX_KEY_LENGTH) throw new IngestError('BAD_REQUEST', `the Idempotency-Key is longer than ${MAX_KEY_LENGTH} characters.`)
    this.#forget()
    const name = `${tenantId}\n${key}`
    const known = this.#known.get(name)
    if (known !== undefined) return this.#repeat(known.bodyDigest, bodyDigest, await known.outcome)
    let isRepeat = false
    const outcome = this.#takeOrRecall(`ballast-ingest:idempotency:${name}`, bodyDigest, take).then((once) => {
      isRepeat = once.isRepeat
      return once.outcome
    })
    const entry: Known = { bodyDigest, outcome, untilMs: this.#options.now() + this.#options.windowMs }
    this.#known.set(name, entry)
    try {
      return { outcome: await outcome, isRepeat }
    } catch (error) {
      if (this.#known.get(name) === entry) this.#known.delete(name)
      throw error
    }
  }

  async #takeOrRecall(name: string, bodyDigest: string, take: () => Promise<ExportOutcome>): Promise<Once> {
    const { redis, windowMs } = this.#options
    if (redis === undefined) return { outcome: await take(), isRepeat: false }
    const claim: Kept = { bodyDigest }
    // While Redis is away this replica's own memory has to do.
    const earlier = await redis.set(name, JSON.stringify(claim), 'PX', UNDERWAY_MS, 'NX', 'GET').catch(() => null)
    if (earlier !== null) {
      const kept = JSON.parse(earlier) as Kept
      if (kept.outcome === undefined && kept.bodyDigest === bodyDigest) throw new IngestError('UNAVAILABLE', 'the first request with this Idempotency-Key is under way; send again', { retryAfterSeconds: 1 })
      return this.#repeat(kept.bodyDigest, bodyDigest, kept.outcome!)
    }
    try {
      const outcome = await take()
      const done: Kept = { bodyDigest, outcome }
      await redis.set(name, JSON.stringify(done), 'PX', windowMs).catch(() => undefined)
      return { outcome, isRepeat: false }
    } catch (error) {
      await redis.del(name).catch(() => undefined)
      throw error
    }
  }

  #repeat(earlierDigest: string, bodyDigest: string, outcome: ExportOutcome): Once {
    if (earlierDigest !== bodyDigest) throw new IngestError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another body before; give each request a key of its own, and a repeat the bytes of the first.')
    return { outcome, isRepeat: true }
  }

  #forget(): void {
    const nowMs = this.#options.now()
    for (const [name, { untilMs }] of this.#known) {
      if (this.#known.size < MAX_REQUESTS && untilMs > nowMs) return
      this.#known.delete(name)
    }
  }
}
