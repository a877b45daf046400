import type { Timer } from '../clock.ts'
import { MAX_DURATION_MS } from '../duration.ts'
import { CacheError } from '../errors.ts'
import type { ResolvedOptions } from '../options.ts'
import { BatchReader } from './batch-reader.ts'
import { RedisMarks } from './redis-marks.ts'
import { Breaker } from './breaker.ts'
import { type ChangeListener, type Changes, noChanges } from './changes.ts'
import { Connection, connectionOptions } from './connection.ts'
import { withDeadline } from './deadline.ts'
import { GuardedLoads } from './guarded-loads.ts'
import { type InvalidationKind, InvalidationQueue, type QueuedInvalidation } from './invalidation-queue.ts'
import { isNamespace } from '../tags/scope.ts'
import type { Run } from './run.ts'
import { readsMasters, TrackingChannel } from './tracking-channel.ts'
import type { DeleteReply, FillAnswer, LeaseAnswer, MarkAnswer, MarkKind, ReadAnswer, SharedTier, SharedTierStats, StoreReply } from './shared-tier.ts'

const FAILURES_TO_OPEN = 3
const PROBE_INTERVAL_MS = 500
/** Queued invalidations sent at once. */
const REPLAY_BATCH = 256
/** Pause before a replay that failed is tried again, in milliseconds. */
const REPLAY_PAUSE_MS = 500

/** How much longer a mark lives than what it concerns, because clocks differ, in milliseconds. */
const MARK_MARGIN_MS = 3_600_000

/** {@link SharedTier} in Redis: entries under `{namespace}:v:{key}`, leases under `{namespace}:l:{key}`; marks as {@link RedisMarks} keeps them. */
export class RedisTier implements SharedTier {
  readonly #options: ResolvedOptions
  readonly #connection: Connection
  readonly #reader: BatchReader
  readonly #loads: GuardedLoads
  readonly #breaker: Breaker
  readonly #queue: InvalidationQueue
  readonly #entryPrefix: string
  readonly #leasePrefix: string
  readonly #marks: RedisMarks
  readonly #tracking: TrackingChannel | undefined
  #listener: ChangeListener = () => {}
  #replaying = false
  #replayTimer: Timer | undefined
  #closed = false
  #errors = 0

  constructor(redis: Exclude<ResolvedOptions['redis'], false>, options: ResolvedOptions) {
    this.#options = options
    // The braces are a hash tag: entry and lease of a key lie in one cluster slot.
    this.#entryPrefix = `${options.namespace}:v:{`
    this.#leasePrefix = `${options.namespace}:l:{`
    this.#queue = new InvalidationQueue(options.maxQueuedInvalidations)
    this.#connection = new Connection(redis, options.redisTimeoutMs, options.random, () => {
      void this.#marks.findOrigin()
      void this.#replay()
    })
    const run: Run = (command) => this.#run(command)
    this.#reader = new BatchReader(this.#connection, run)
    this.#loads = new GuardedLoads({ connection: this.#connection, run, leaseTtlMs: options.leaseTtlMs, onFailed: () => this.#errors++ })
    this.#breaker = new Breaker({
      failuresToOpen: FAILURES_TO_OPEN,
      probeIntervalMs: PROBE_INTERVAL_MS,
      probe: () => withDeadline(this.#connection.client.ping(), options.redisTimeoutMs),
      onChange: (open) => {
        if (open) options.onError(new CacheError('REDIS_UNAVAILABLE', `Redis did not answer ${FAILURES_TO_OPEN} times in a row; going on without it, with a probe every ${PROBE_INTERVAL_MS} ms`))
        else void this.#replay()
      },
      clock: options.clock,
      random: options.random,
    })
    this.#marks = new RedisMarks({ connection: this.#connection, reader: this.#reader, run, clock: options.clock, namespace: options.namespace })
    this.#tracking = options.tracking && readsMasters(this.#connection.client) ? this.#track() : undefined
  }

  /** True when Redis is asked at all. */
  get #reachable(): boolean {
    return !this.#closed && this.#breaker.closed && (this.#connection.ready || this.#connection.starting !== undefined)
  }

  get changes(): Changes {
    return this.#tracking ?? noChanges
  }

  listen(listener: ChangeListener): void {
    this.#listener = listener
  }

  stats(): SharedTierStats {
    return {
      reachable: this.#reachable,
      errors: this.#errors,
      queuedInvalidations: this.#queue.size,
      tracking: this.#tracking?.state ?? 'off',
      trackingLosses: this.#tracking?.losses ?? 0,
      changesHeard: this.#tracking?.heard ?? 0,
    }
  }

  available(key: string): boolean {
    return this.#reachable && this.#queue.entry(key) === undefined
  }

  read(key: string, answer: ReadAnswer): void {
    this.#reader.read(this.#entry(key), answer)
  }

  lease(key: string, seen: Buffer | undefined, answer: LeaseAnswer): void {
    this.#loads.lease(this.#entry(key), this.#lease(key), seen, answer)
  }

  async renew(key: string, token: string): Promise<void> {
    await this.#run(() => this.#connection.client.ballastCacheRenew(this.#lease(key), token, this.#options.leaseTtlMs))
  }

  async leased(key: string): Promise<boolean | undefined> {
    const held = await this.#run(() => this.#connection.client.exists(this.#lease(key)))
    return held === undefined ? undefined : held === 1
  }

  async release(key: string, token: string): Promise<void> {
    await this.#run(() => this.#connection.client.ballastCacheRelease(this.#lease(key), token))
  }

  fill(key: string, token: string, bytes: Buffer, ttlMs: number, answer: FillAnswer): void {
    this.#loads.fill(this.#entry(key), this.#lease(key), token, bytes, ttlMs, answer)
  }

  beginWrite(key: string, token: string): Promise<number | undefined> {
    return this.#run(() => this.#connection.client.ballastCacheBeginWrite(this.#lease(key), token, this.#options.leaseTtlMs))
  }

  async finishWrite(key: string, token: string, bytes: Buffer, ttlMs: number, version: number): Promise<StoreReply> {
    const reply = await this.#run(() => this.#connection.client.ballastCacheFinishWrite(this.#entry(key), this.#lease(key), token, bytes, Math.ceil(ttlMs), version))
    if (reply === undefined) return 'unavailable'
    if (reply === 2) return 'superseded'
    return reply === 1 ? 'stored' : 'refused'
  }

  delete(key: string, ttlMs: number): Promise<DeleteReply> {
    return this.#endEntry('remove', key, ttlMs)
  }

  expire(key: string, ttlMs: number): Promise<DeleteReply> {
    return this.#endEntry('expire', key, ttlMs)
  }

  async touch(key: string, ttlMs: number, unlessMs: number): Promise<void> {
    await this.#run(() => this.#connection.client.ballastCacheTouch(this.#entry(key), Math.ceil(ttlMs), Math.floor(unlessMs)))
  }

  readMark(key: string, answer: MarkAnswer): void {
    this.#marks.read(key, answer)
  }

  async mark(key: string, kind: MarkKind): Promise<number | undefined> {
    const queuedBefore = this.#queue.mark(key)
    const sent = kind === 'hard' ? 'mark-hard' : 'mark-soft'
    const atUs = await this.#run(() => this.#send(sent, key))
    if (atUs === undefined) {
      this.#queue.add(sent, key, this.#options.clock.exactNow() + this.#markTtlMs(key))
      this.#replayLater()
    } else if (queuedBefore !== undefined && (kind === 'hard' || queuedBefore.kind === 'mark-soft')) this.#queue.remove(queuedBefore)
    return atUs
  }

  pendingMark(key: string): MarkKind | undefined {
    const queued = this.#queue.mark(key)
    return queued === undefined ? undefined : queued.kind === 'mark-hard' ? 'hard' : 'soft'
  }

  async close(): Promise<void> {
    await this.#replay()
    this.#closed = true
    this.#replayTimer?.cancel()
    this.#breaker.stop()
    this.#tracking?.close()
    this.#marks.close()
    if (this.#queue.size > 0) this.#options.onError(new CacheError('REDIS_UNAVAILABLE', `closed while ${this.#queue.size} invalidations had not reached Redis; they are lost`))
    this.#connection.close()
  }

  #track(): TrackingChannel {
    const { redisTimeoutMs, random, clock, onError } = this.#options
    const onRefused = (cause: Error, heard: boolean): void => {
      const instead = heard ? 'changes by this library are heard by pub/sub, those of others after local.maxStaleness' : 'local copies are used for local.maxStaleness'
      onError(new CacheError('TRACKING_REFUSED', `Redis refused CLIENT TRACKING; ${instead}; allow the command, or set local.tracking to false`, { cause }))
    }
    const options = { prefixes: { entry: this.#entryPrefix, mark: this.#marks.prefix }, channel: `${this.#options.namespace}:c`, timeoutMs: redisTimeoutMs, clock, redisOptions: connectionOptions(redisTimeoutMs, random), onRefused }
    return new TrackingChannel(this.#connection.client, options, (key, kind) => this.#listener(key, kind))
  }

  #entry(key: string): string {
    return `${this.#entryPrefix}${key}}`
  }

  #lease(key: string): string {
    return `${this.#leasePrefix}${key}}`
  }

  async #endEntry(kind: 'remove' | 'expire', key: string, ttlMs: number): Promise<DeleteReply> {
    const queuedBefore = this.#queue.entry(key)
    if ((await this.#run(() => this.#send(kind, key))) !== undefined) {
      if (queuedBefore !== undefined && (kind === 'remove' || queuedBefore.kind === 'expire')) this.#queue.remove(queuedBefore)
      return 'deleted'
    }
    this.#queue.add(kind, key, this.#options.clock.exactNow() + ttlMs)
    this.#replayLater()
    return 'queued'
  }

  #send(kind: InvalidationKind, key: string): Promise<number> {
    const { client, isCluster } = this.#connection
    if (kind === 'remove' || kind === 'expire') return isCluster ? this.#endInTurn(kind, key) : client[kind === 'remove' ? 'ballastCacheDelete' : 'ballastCacheExpire'](this.#entry(key), this.#lease(key))
    return this.#marks.set(key, kind === 'mark-hard' ? 'hard' : 'soft', this.#markTtlMs(key))
  }

  /** While a slot moves to another master of a cluster, no command can take two keys of it. The lease goes first, so that no fill comes in between. */
  async #endInTurn(kind: 'remove' | 'expire', key: string): Promise<number> {
    const { client } = this.#connection
    await client.del(this.#lease(key))
    return client[kind === 'remove' ? 'ballastCacheDeleteEntry' : 'ballastCacheExpireEntry'](this.#entry(key))
  }

  /** Longer than anything lives that it may concern. */
  #markTtlMs(key: string): number {
    return (isNamespace(key) ? MAX_DURATION_MS : this.#options.maxTaggedTtlMs) + MARK_MARGIN_MS
  }

  /** Runs a command; resolves with `undefined` when there is no answer of use, and never rejects. */
  async #run<T>(command: () => Promise<T>): Promise<T | undefined> {
    if (this.#connection.starting !== undefined) await this.#connection.starting
    if (!this.#reachable) return undefined
    try {
      const reply = await withDeadline(command(), this.#options.redisTimeoutMs)
      this.#breaker.succeeded()
      return reply
    } catch (error) {
      this.#errors++
      // An error that Redis itself sent came quickly: it costs no caller its timeout.
      if (!(error instanceof Error && error.name === 'ReplyError')) this.#breaker.failed()
      return undefined
    }
  }

  #replayLater(): void {
    if (this.#closed || this.#replayTimer !== undefined || this.#queue.size === 0) return
    this.#replayTimer = this.#options.clock.setTimer(() => {
      this.#replayTimer = undefined
      void this.#replay()
    }, REPLAY_PAUSE_MS)
  }

  async #replay(): Promise<void> {
    if (this.#replaying || this.#queue.size === 0) return
    this.#replaying = true
    for (;;) {
      const due = this.#queue.next(REPLAY_BATCH, this.#options.clock.exactNow())
      const replies = await Promise.all(due.map((queued) => this.#run(() => this.#send(queued.kind, queued.key))))
      for (let i = 0; i < due.length; i++) if (replies[i] !== undefined) this.#landed(due[i]!)
      if (due.length === 0 || replies.includes(undefined)) break
    }
    this.#replaying = false
    this.#replayLater()
  }

  #landed(queued: QueuedInvalidation): void {
    this.#queue.remove(queued)
    // The message about it may come later, or not at all: until now the queue spoke for the mark.
    if (queued.kind === 'mark-hard' || queued.kind === 'mark-soft') this.#listener(queued.key, 'mark')
  }
}
