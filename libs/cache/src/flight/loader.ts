import { encodeHead } from '../entry/envelope.ts'
import { type Entry, smoothedCost } from '../entry/entry.ts'
import { physicalTtlMs } from '../entry/idle-expiry.ts'
import { CacheError } from '../errors.ts'
import type { LeaseReply } from '../redis/shared-tier.ts'
import type { LoadReason, Source } from '../source.ts'
import type { Standing } from '../tags/scope.ts'
import type { Flight } from './flight.ts'
import { LazyAbort } from './lazy-abort.ts'
import { Lease, LeaseRenewals } from './lease.ts'
import { type Acquired, acquireLease } from './lease-holder.ts'
import { LoadCall } from './load-call.ts'
import { inLoadSpan } from './load-span.ts'
import { newEntry } from './new-entry.ts'
import type { RegionContext } from './region-context.ts'
import { timedLoad } from './timed-load.ts'

/** The bytes of an entry, later when they are compressed in the background; `undefined`, and a word to `onError`, when its value cannot be written. */
export function encodeOrReport({ name, envelope, onError }: RegionContext, id: string, key: string, entry: Entry<unknown>): Buffer | undefined | Promise<Buffer | undefined> {
  const report = (cause: unknown): undefined => {
    onError(new CacheError('ENCODING_FAILED', `${name}: a value cannot be written by the serialiser ${envelope.serialiser} and is not stored in Redis; store plain data`, { cause, definition: name, id }))
  }
  try {
    const bytes = envelope.encode(key, entry)
    return bytes instanceof Promise ? bytes.catch(report) : bytes
  } catch (cause) {
    return report(cause)
  }
}

/** The refusal of a load, counted. */
export function shedError({ name, bulkhead, counters }: Pick<RegionContext, 'name' | 'bulkhead' | 'counters'>, id?: string): CacheError {
  counters.loadsShed++
  const { limits } = bulkhead
  const message = `${name}: ${bulkhead.limit} loads run and no turn came within ${limits.maxWaitMs} ms, or ${limits.maxQueued} wait already; try again later, or raise loads.maxConcurrent if the source can take it`
  return new CacheError('LOAD_SHED', message, { definition: name, ...(id !== undefined && { id }) })
}

/** Whether a load was refused before it began. */
export function isShed(error: unknown): boolean {
  return error instanceof CacheError && error.code === 'LOAD_SHED'
}

/** What a load came to. */
export type Loaded<R> =
  /** Another process stored it in Redis; `epoch` as in {@link LocalTier.keepRead}. */
  | { readonly kind: 'found'; readonly entry: Entry<R>; readonly askedAt: number; readonly epoch: number | undefined; readonly standing: Standing }
  /** Keep it in the local tier and return it. `asOf`: when it was certainly not outdated; its local trust counts from there. */
  | { readonly kind: 'stored' | 'alone'; readonly entry: Entry<R>; readonly asOf: number }
  /** Return it, and keep it nowhere: it is `undefined`, or took too long to be of use to others. */
  | { readonly kind: 'passed'; readonly value: R }
  /** Return it, and keep neither it nor what it should have replaced: the key was invalidated or written meanwhile. */
  | { readonly kind: 'refused'; readonly value: R }

/** Loads one key: takes the lease, calls the loader, stores what it returns. The caller sees to it that this runs once at a time. */
export class Loader<R> {
  readonly #context: RegionContext
  readonly #renewals: LeaseRenewals

  constructor(context: RegionContext) {
    this.#context = context
    this.#renewals = new LeaseRenewals(context.leaseTtlMs, context.clock)
  }

  /**
   * Loads for callers who wait. When another process loads the key, waits for its value first.
   *
   * @param flight - the load, which is told of changes of its key.
   * @param found - what Redis said about the key: the first bytes of an entry that cannot be used and is to be replaced, `null` for none, `undefined` for no answer.
   * @param lease - what it said about the lease, when it was asked for that together with the entry.
   */
  load(id: string, key: string, flight: Flight<R>, source: Source<R>, found: Buffer | null | undefined, lease: LeaseReply | undefined): Promise<Loaded<R>> {
    // A Redis that has just not answered is not asked a second time for the same call.
    if (found === undefined || lease?.kind === 'granted') return this.#call(id, key, flight, source, 'miss', this.#lease(key, lease), undefined)
    return this.#loadInTurn(id, key, flight, source, found ?? undefined, lease)
  }

  async #loadInTurn(id: string, key: string, flight: Flight<R>, source: Source<R>, seen: Buffer | undefined, lease: LeaseReply | undefined): Promise<Loaded<R>> {
    const { counters, timings, clock, leaseWaitMs } = this.#context
    let waitedSince: number | undefined
    const onWait = (): void => {
      counters.leaseWaits++
      waitedSince = clock.exactNow()
      source.leave?.(id)
    }
    const acquired = await this.#acquire(key, flight, seen, lease, leaseWaitMs, onWait)
    if (waitedSince !== undefined) timings.waited(clock.exactNow() - waitedSince)
    if (acquired?.kind === 'found') return acquired
    return await this.#call(id, key, flight, source, 'miss', this.#lease(key, acquired), undefined)
  }

  /** Loads the successor of a stale entry, for which nobody waits; `held` when another process does, or when all turns are taken. */
  async refresh(id: string, key: string, flight: Flight<R>, source: Source<R>, stale: Entry<R>, reason: LoadReason): Promise<Loaded<R> | { readonly kind: 'held' }> {
    // Nobody waits for it, so it does not queue: those who wait come first.
    if (source.gathers !== true && this.#context.bulkhead.full) {
      this.#context.counters.loadsShed++
      return { kind: 'held' }
    }
    const acquired = await this.#acquire(key, flight, encodeHead(stale), undefined, undefined, () => {})
    if (acquired?.kind === 'held' || acquired?.kind === 'found') return acquired
    return await this.#call(id, key, flight, source, reason, this.#lease(key, acquired), stale)
  }

  #acquire(key: string, flight: Flight<R>, seen: Buffer | undefined, first: LeaseReply | undefined, waitMs: number | undefined, onWait: () => void): Promise<Acquired<R>> | undefined {
    const { shared, envelope, scope, clock, random } = this.#context
    if (shared === undefined || !shared.available(key)) return undefined
    return acquireLease<R>({ shared, envelope, scope, key, seen, first, waitMs, onWait, flight, clock, random })
  }

  #lease(key: string, acquired: Acquired<R> | LeaseReply | undefined): Lease | undefined {
    const { shared } = this.#context
    return shared === undefined || acquired?.kind !== 'granted' ? undefined : new Lease(shared, this.#renewals, key, acquired.token, acquired.stampUs)
  }

  async #call(id: string, key: string, flight: Flight<R>, source: Source<R>, reason: LoadReason, lease: Lease | undefined, stale: Entry<R> | undefined): Promise<Loaded<R>> {
    const { name, scope, counters, timings, bulkhead, clock, deadlines, loadSpans } = this.#context
    const turn = source.gathers === true || bulkhead.enter()
    if (!(typeof turn === 'boolean' ? turn : await turn)) {
      lease?.giveBack()
      throw shedError(this.#context, id)
    }
    // What is being read may be what was changed. The next caller need not wait for it either.
    const onChange = (): void => {
      flight.fenced = true
      lease?.giveBack()
    }
    // Not in one statement: V8 would take it for a method and make it among what is old, where it keeps the flight until the next full collection.
    flight.onChange = onChange
    const startedAt = clock.exactNow()
    counters.loads++
    try {
      const abort = new LazyAbort()
      const call = new LoadCall(name, id, reason, stale, abort)
      const run = (): Promise<R> => timedLoad(() => source.load(id, call), abort, source.policy.loadTimeoutMs, deadlines, name, id)
      let returned: R
      let endedAt = startedAt
      try {
        returned = await (source.gathers === true || !loadSpans ? run() : inLoadSpan(timings.attributes, reason, run))
      } finally {
        endedAt = clock.exactNow()
        timings.loaded(endedAt - startedAt)
        if (source.gathers !== true) bulkhead.leave()
      }
      const { value, set, same } = call.result(returned)
      const stamps = { deltaMs: smoothedCost(stale?.deltaMs ?? 0, endedAt - startedAt), stampUs: lease?.stampUs ?? 0, version: same ? (stale?.version ?? 0) : 0 }
      const entry = newEntry(this.#context, source.policy, value, startedAt, stamps, set)
      // Before the load counts as over: a large value is compressed in the background, and a change of the key may come meanwhile.
      const encoded = lease === undefined || value === undefined || flight.fenced ? undefined : encodeOrReport(this.#context, id, key, entry)
      const bytes = encoded instanceof Promise ? await encoded : encoded
      lease?.stopRenewal()
      flight.onChange = undefined
      flight.loaded = true
      if (value === undefined || endedAt >= entry.hardAt) {
        lease?.giveBack()
        return { kind: 'passed', value }
      }
      // Nobody would believe it in Redis.
      if (flight.fenced || scope.verdictSince(entry, flight.since) === 'hard') {
        lease?.giveBack()
        return { kind: 'refused', value }
      }
      if (bytes === undefined) lease?.giveBack()
      const reply = bytes === undefined ? undefined : await lease?.fill(bytes, physicalTtlMs(entry, endedAt, source.policy.idleTtlMs))
      if (reply === 'refused') return { kind: 'refused', value }
      return { kind: reply === 'stored' ? 'stored' : 'alone', entry, asOf: startedAt }
    } catch (error) {
      flight.onChange = undefined
      if (!isShed(error)) counters.loadErrors++
      lease?.giveBack()
      throw error
    }
  }
}
