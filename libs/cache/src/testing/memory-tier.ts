import type { ChangeListener } from '../src/redis/changes.ts'
import type { DeleteReply, LeaseReply, ReadAnswer, SharedTier, SharedTierStats, StoreReply } from '../src/redis/shared-tier.ts'
import { VERSION_OFFSET } from '../src/entry/envelope.ts'
import type { Clock } from '../src/clock.ts'

/** How the network treats one command. */
export type Delivery =
  /** Arrives, and the answer comes back. */
  | 'answered'
  /** Arrives, but the answer is lost: the caller is told `unavailable`. */
  | 'answer-lost'
  /** Never arrives. */
  | 'lost'

/** Longest wait for an answer. */
const TIMEOUT_MS = 250

/** What a {@link MemoryServer} keeps: entries and leases, as the scripts in Redis would. */
export class MemoryServer {
  readonly entries = new Map<string, { bytes: Buffer; until: number }>()
  /** Told of each changed entry, as `CLIENT TRACKING` would. */
  readonly watchers = new Set<(key: string | undefined) => void>()
  readonly leases = new Map<string, { token: string; until: number }>()
  readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  entry(key: string): Buffer | undefined {
    const entry = this.entries.get(key)
    return entry !== undefined && entry.until > this.clock.exactNow() ? entry.bytes : undefined
  }

  set(key: string, bytes: Buffer, ttlMs: number): void {
    this.entries.set(key, { bytes, until: this.clock.exactNow() + ttlMs })
    this.#tell(key)
  }

  /** What `redis-cli DEL` does: the lease stays. */
  delete(key: string): void {
    if (this.entries.delete(key)) this.#tell(key)
  }

  /** What the scripts do to delete: whoever loads the key hears of it, also when there was no entry. */
  invalidate(key: string): void {
    this.entries.delete(key)
    this.leases.delete(key)
    this.#tell(key)
  }

  #tell(key: string | undefined): void {
    for (const watcher of this.watchers) watcher(key)
  }

  flush(): void {
    this.entries.clear()
    this.leases.clear()
    this.#tell(undefined)
  }

  holder(key: string): string | undefined {
    const lease = this.leases.get(key)
    return lease !== undefined && lease.until > this.clock.exactNow() ? lease.token : undefined
  }
}

/**
 * The shared tier as one process sees it, over a {@link MemoryServer}: each command takes the way and the time that `network` gives it.
 * A double of our own interface; the real one is tested in `redis.int.test.ts`.
 */
export class MemoryTier implements SharedTier {
  readonly #server: MemoryServer
  readonly #network: () => { delivery: Delivery; outMs: number; backMs: number }
  readonly #queued = new Set<string>()
  /** False: the breaker is open. */
  up = true
  readonly leaseMs: number
  errors = 0
  readonly changes = { epoch: 0, live: false }
  #listener: ChangeListener = () => {}
  #watcher: ((key: string | undefined) => void) | undefined

  constructor(server: MemoryServer, network: () => { delivery: Delivery; outMs: number; backMs: number } = () => ({ delivery: 'answered', outMs: 0, backMs: 0 }), leaseMs = 2_000) {
    this.#server = server
    this.#network = network
    this.leaseMs = leaseMs
  }

  listen(listener: ChangeListener): void {
    this.#listener = listener
  }

  /** Hears of changes from now on, each after the time that `delayMs` gives it, in their order. */
  track(delayMs: () => number = () => 0): void {
    const { clock, watchers } = this.#server
    let lastAt = 0
    const watcher = (key: string | undefined): void => {
      lastAt = Math.max(lastAt, clock.exactNow() + delayMs())
      clock.setTimer(() => {
        if (this.#watcher === watcher) this.#listener(key)
      }, lastAt - clock.exactNow())
    }
    watchers.add(watcher)
    this.#watcher = watcher
    this.#turn(true)
  }

  /** Nothing is heard any more, what is on the way included; noticed after a while. */
  async cut(noticedAfterMs = 0): Promise<void> {
    if (this.#watcher !== undefined) this.#server.watchers.delete(this.#watcher)
    this.#watcher = undefined
    await this.#pass(noticedAfterMs)
    if (this.#watcher === undefined) this.#turn(false)
  }

  #turn(live: boolean): void {
    this.changes.epoch++
    this.changes.live = live
  }

  available(key: string): boolean {
    return this.up && !this.#queued.has(key)
  }

  read(key: string, answer: ReadAnswer): void {
    void this.#send(() => this.#server.entry(key) ?? null).then(answer)
  }

  async lease(key: string, token: string, seen: Buffer | undefined): Promise<LeaseReply> {
    const reply = await this.#send((): LeaseReply => {
      const bytes = this.#server.entry(key)
      if (bytes !== undefined && (seen === undefined || !bytes.subarray(0, seen.length).equals(seen))) return { kind: 'found', bytes }
      if (this.#server.holder(key) !== undefined) return { kind: 'held' }
      this.#hold(key, token)
      return { kind: 'granted' }
    })
    return reply ?? { kind: 'unavailable' }
  }

  async renew(key: string, token: string): Promise<void> {
    await this.#send(() => {
      if (this.#server.holder(key) === token) this.#hold(key, token)
      return true
    })
  }

  async release(key: string, token: string): Promise<void> {
    await this.#send(() => {
      if (this.#server.holder(key) === token) this.#server.leases.delete(key)
      return true
    })
  }

  async fill(key: string, token: string, bytes: Buffer, ttlMs: number): Promise<StoreReply> {
    const reply = await this.#send((): StoreReply => {
      if (this.#server.holder(key) !== token) return 'refused'
      this.#store(key, bytes, ttlMs)
      return 'stored'
    })
    return reply ?? 'unavailable'
  }

  async beginWrite(key: string, token: string): Promise<boolean> {
    const reply = await this.#send(() => {
      this.#hold(key, token)
      return true
    })
    return reply ?? false
  }

  async finishWrite(key: string, token: string, bytes: Buffer, ttlMs: number, version: number): Promise<StoreReply> {
    const reply = await this.#send((): StoreReply => {
      const mine = this.#server.holder(key) === token
      const stored = this.#server.entry(key)
      if (version > 0 && stored !== undefined && stored.readDoubleBE(VERSION_OFFSET - 1) >= version) {
        if (mine) this.#server.leases.delete(key)
        return 'superseded'
      }
      if (!mine) {
        this.#server.invalidate(key)
        return 'refused'
      }
      this.#store(key, bytes, ttlMs)
      return 'stored'
    })
    return reply ?? 'unavailable'
  }

  async delete(key: string): Promise<DeleteReply> {
    const reply = await this.#send(() => {
      this.#server.invalidate(key)
      return true
    })
    if (reply === true) return 'deleted'
    this.#queued.add(key)
    return 'queued'
  }

  /** What the real tier does when Redis is back. */
  replay(): void {
    for (const key of this.#queued) {
      this.#server.invalidate(key)
    }
    this.#queued.clear()
  }

  stats(): SharedTierStats {
    return { reachable: this.up, errors: this.errors, queuedInvalidations: this.#queued.size, tracking: this.changes.live ? 'live' : 'off', trackingLosses: 0, changesHeard: 0 }
  }

  close(): Promise<void> {
    this.up = false
    return Promise.resolve()
  }

  #hold(key: string, token: string): void {
    this.#server.leases.set(key, { token, until: this.#server.clock.exactNow() + this.leaseMs })
  }

  #store(key: string, bytes: Buffer, ttlMs: number): void {
    this.#server.set(key, bytes, ttlMs)
    this.#server.leases.delete(key)
  }

  async #send<T>(command: () => T): Promise<T | undefined> {
    if (!this.up) return undefined
    const { delivery, outMs, backMs } = this.#network()
    const answer = this.#travel(command, delivery, outMs, backMs)
    // A command may arrive long after its caller has given up.
    const reply = outMs + backMs > TIMEOUT_MS ? await this.#pass(TIMEOUT_MS) : await answer
    if (reply === undefined) this.errors++
    return reply
  }

  async #travel<T>(command: () => T, delivery: Delivery, outMs: number, backMs: number): Promise<T | undefined> {
    await this.#pass(outMs)
    const reply = delivery === 'lost' ? undefined : command()
    await this.#pass(backMs)
    return delivery === 'answered' ? reply : undefined
  }

  async #pass(ms: number): Promise<undefined> {
    if (ms === 0) return
    await new Promise<void>((resolve) => {
      this.#server.clock.setTimer(resolve, ms)
    })
  }
}
