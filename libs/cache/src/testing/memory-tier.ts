import { OFFSETS } from '../entry/envelope.ts'
import type { ChangeListener } from '../redis/changes.ts'
import { parseMark } from '../tags/mark-bytes.ts'
import type { DeleteReply, FillAnswer, LeaseAnswer, LeaseReply, MarkAnswer, MarkKind, MarkReading, ReadAnswer, SharedTier, SharedTierStats, StoreReply } from '../redis/shared-tier.ts'
import { nextToken } from '../redis/token.ts'
import type { MemoryServer } from './memory-server.ts'

/** How the network treats one command. */
export type Delivery =
  /** Arrives, and the answer comes back. */
  | 'answered'
  /** Arrives, but the answer is lost: the caller is told `unavailable`. */
  | 'answer-lost'
  /** Never arrives. */
  | 'lost'

/** The way of one command: how it is treated and how long it takes there and back. */
export interface Hop {
  readonly delivery: Delivery
  readonly outMs: number
  readonly backMs: number
}

/** The way of one message about a change. */
export interface MessageHop {
  readonly delayMs: number
  /** How often it arrives; more than once are duplicates, each after another `delayMs`. @default 1 */
  readonly copies?: number
}

const straight: Hop = { delivery: 'answered', outMs: 0, backMs: 0 }

/**
 * The shared tier as one process sees it, over a {@link MemoryServer}: each command takes the way and the time that `network` gives it.
 * A double of our own interface; the real one is tested against real servers.
 */
export class MemoryTier implements SharedTier {
  readonly #server: MemoryServer
  readonly #network: () => Hop
  readonly #queued = new Map<string, 'expire' | 'remove'>()
  readonly #queuedMarks = new Map<string, MarkKind>()
  /** False: the breaker is open, or the process is dead. */
  up = true
  /** True: nothing passes in either direction, what is on its way included. */
  partitioned = false
  readonly leaseMs: number
  readonly timeoutMs: number
  errors = 0
  readonly changes = { epoch: 0, live: false, complete: false }
  #listener: ChangeListener = () => {}
  #watcher: ChangeListener | undefined

  /**
   * @param network - asked once for each command.
   * @param leaseMs - how long a lease lasts that is not renewed.
   * @param timeoutMs - longest wait for an answer.
   */
  constructor(server: MemoryServer, network: () => Hop = () => straight, leaseMs = 2_000, timeoutMs = 250) {
    this.#server = server
    this.#network = network
    this.leaseMs = leaseMs
    this.timeoutMs = timeoutMs
  }

  listen(listener: ChangeListener): void {
    this.#listener = listener
  }

  /**
   * Hears of changes from now on.
   *
   * @param hop - asked once for each message; a number is its delay.
   * @param ordered - false lets a message overtake those before it, which one connection to Redis never does.
   * @param by - `pubsub`: only what this library changes is heard, as where Redis refuses tracking.
   */
  track(hop: () => number | MessageHop = () => 0, ordered = true, by: 'tracking' | 'pubsub' = 'tracking'): void {
    const { clock, watchers, subscribers } = this.#server
    let lastAt = 0
    const watcher: ChangeListener = (key, kind) => {
      const way = hop()
      const { delayMs, copies = 1 } = typeof way === 'number' ? { delayMs: way } : way
      for (let copy = 1; copy <= copies; copy++) {
        const at = clock.exactNow() + copy * delayMs
        lastAt = ordered ? Math.max(lastAt, at) : at
        clock.setTimer(() => {
          if (this.#watcher === watcher && !this.partitioned) this.#listener(key, kind)
        }, lastAt - clock.exactNow())
      }
    }
    this.#ignore()
    const audience = by === 'tracking' ? watchers : subscribers
    audience.add(watcher)
    this.#watcher = watcher
    this.#turn(true, by === 'tracking')
  }

  /** Nothing is heard any more, what is on the way included; noticed after a while. */
  async cut(noticedAfterMs = 0): Promise<void> {
    this.#ignore()
    await this.#pass(noticedAfterMs)
    if (this.#watcher === undefined && this.changes.live) this.#turn(false, false)
  }

  /** The process dies: what it has sent may still arrive, nothing else leaves it, and nobody hears of anything. */
  crash(): void {
    this.up = false
    this.#ignore()
  }

  #ignore(): void {
    if (this.#watcher === undefined) return
    this.#server.watchers.delete(this.#watcher)
    this.#server.subscribers.delete(this.#watcher)
    this.#watcher = undefined
  }

  #turn(live: boolean, complete: boolean): void {
    this.changes.epoch++
    this.changes.live = live
    this.changes.complete = complete
  }

  available(key: string): boolean {
    return this.up && !this.#queued.has(key)
  }

  read(key: string, answer: ReadAnswer): void {
    void this.#send(() => this.#server.entry(key) ?? null).then(answer)
  }

  lease(key: string, seen: Buffer | undefined, answer: LeaseAnswer): void {
    const token = nextToken()
    const request = (): LeaseReply => {
      const bytes = this.#server.entry(key)
      if (bytes !== undefined && (seen === undefined || !bytes.subarray(0, seen.length).equals(seen))) return { kind: 'found', bytes }
      if (this.#server.holder(key) !== undefined) return { kind: 'held' }
      this.#hold(key, token)
      return { kind: 'granted', token, stampUs: this.#server.timeUs() }
    }
    void this.#send(request).then((reply) => answer(reply ?? { kind: 'unavailable' }))
  }

  async renew(key: string, token: string): Promise<void> {
    await this.#send(() => {
      if (this.#server.holder(key) === token) this.#hold(key, token)
      return true
    })
  }

  leased(key: string): Promise<boolean | undefined> {
    return this.#send(() => this.#server.holder(key) !== undefined)
  }

  async release(key: string, token: string): Promise<void> {
    await this.#send(() => {
      if (this.#server.holder(key) === token) this.#server.leases.delete(key)
      return true
    })
  }

  fill(key: string, token: string, bytes: Buffer, ttlMs: number, answer: FillAnswer): void {
    const request = (): StoreReply => {
      if (this.#server.holder(key) !== token) return 'refused'
      this.#store(key, bytes, ttlMs)
      return 'stored'
    }
    void this.#send(request).then((reply) => answer(reply ?? 'unavailable'))
  }

  beginWrite(key: string, token: string): Promise<number | undefined> {
    return this.#send(() => {
      this.#hold(key, token)
      return this.#server.timeUs()
    })
  }

  async finishWrite(key: string, token: string, bytes: Buffer, ttlMs: number, version: number): Promise<StoreReply> {
    const reply = await this.#send((): StoreReply => {
      const mine = this.#server.holder(key) === token
      const stored = this.#server.entry(key)
      if (version > 0 && stored !== undefined && stored.readDoubleBE(OFFSETS.version - 1) >= version) {
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
    if (reply === undefined) {
      this.#queued.set(key, 'remove')
      return 'queued'
    }
    this.#queued.delete(key)
    return 'deleted'
  }

  async expire(key: string): Promise<DeleteReply> {
    const reply = await this.#send(() => {
      this.#server.expire(key)
      return true
    })
    if (reply === undefined) this.#queued.set(key, this.#queued.get(key) ?? 'expire')
    else if (this.#queued.get(key) === 'expire') this.#queued.delete(key)
    return reply === undefined ? 'queued' : 'deleted'
  }

  async touch(key: string, ttlMs: number, unlessMs: number): Promise<void> {
    await this.#send(() => {
      this.#server.touch(key, ttlMs, unlessMs)
      return true
    })
  }

  readMark(key: string, answer: MarkAnswer): void {
    const request = (): MarkReading => ({ ...parseMark(Buffer.from(this.#server.marks.get(key) ?? '')), originUs: this.#server.originUs })
    void this.#send(request)
      .then((read) => (read?.originUs === 0 ? this.#send(() => ({ ...read, originUs: this.#server.findOrigin() })) : read))
      .then(answer)
  }

  async mark(key: string, kind: MarkKind): Promise<number | undefined> {
    const atUs = await this.#send(() => this.#server.mark(key, kind))
    const queued = this.#queuedMarks.get(key)
    if (atUs === undefined) this.#queuedMarks.set(key, queued === 'hard' ? queued : kind)
    else if (kind === 'hard' || queued === 'soft') this.#queuedMarks.delete(key)
    return atUs
  }

  pendingMark(key: string): MarkKind | undefined {
    return this.#queuedMarks.get(key)
  }

  /** What the real tier does when Redis is back: invalidations that did not arrive do so now. */
  replay(): void {
    if (this.partitioned || !this.up) return
    for (const [key, kind] of this.#queued) {
      if (kind === 'remove') this.#server.invalidate(key)
      else this.#server.expire(key)
    }
    this.#queued.clear()
    for (const [key, kind] of this.#queuedMarks) {
      this.#server.mark(key, kind)
      this.#queuedMarks.delete(key)
      this.#listener(key, 'mark')
    }
  }

  stats(): SharedTierStats {
    return { reachable: this.up, errors: this.errors, queuedInvalidations: this.#queued.size + this.#queuedMarks.size, tracking: this.changes.complete ? 'live' : this.changes.live ? 'refused' : 'off', trackingLosses: 0, changesHeard: 0 }
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
    const reply = outMs + backMs > this.timeoutMs ? await this.#pass(this.timeoutMs) : await answer
    if (reply === undefined) this.errors++
    return reply
  }

  async #travel<T>(command: () => T, delivery: Delivery, outMs: number, backMs: number): Promise<T | undefined> {
    await this.#pass(outMs)
    const reply = delivery === 'lost' || this.partitioned ? undefined : command()
    await this.#pass(backMs)
    return delivery === 'answered' && !this.partitioned ? reply : undefined
  }

  async #pass(ms: number): Promise<undefined> {
    if (ms === 0) return
    await new Promise<void>((resolve) => {
      this.#server.clock.setTimer(resolve, ms)
    })
  }
}
