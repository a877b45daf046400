import type { Entry } from '../entry/entry.ts'
import { HEAD_BYTES } from '../entry/envelope.ts'
import type { LocalEntry, LocalTier } from '../local/local-tier.ts'
import { noChanges } from '../redis/changes.ts'
import type { LeaseReply, SharedTier } from '../redis/shared-tier.ts'
import type { Source } from '../source.ts'
import type { Decision } from '../tags/scope.ts'
import { type Flight, Flights } from './flight.ts'
import type { RegionContext } from './region-context.ts'
import type { StaleAnswers } from './stale-answers.ts'
import { noteUse } from './note-use.ts'
import type { Refresher } from './refresher.ts'

/** What a {@link SharedReader} needs of its region. */
export interface ReaderHost<R> {
  readonly local: LocalTier<R>
  readonly refresher: Refresher<R>
  /** The copy, if it may still be returned. */
  readonly standing: (id: string, entry: LocalEntry<R> | undefined) => LocalEntry<R> | undefined
  readonly stale: StaleAnswers<R>
  /** `found` and `lease` as in `Loader.load`. */
  readonly load: (id: string, source: Source<R>, found: Buffer | null | undefined, lease?: LeaseReply) => Promise<R>
}

/** By how many the readings that found nothing may outnumber the others, and so many more it takes before the others count again. */
const MAX_MISSING = 8

/** One reading of one key from Redis. */
class Reading<R> {
  readonly id: string
  /** In the shared tier, without namespace. */
  readonly key: string
  readonly flight: Flight<R>
  readonly source: Source<R>
  /** A local copy too old to be trusted: it counts only when Redis cannot be asked. */
  readonly local: LocalEntry<R> | undefined
  readonly askedAt: number
  /** Of the channel when Redis was asked; `undefined`: no message about this key would be understood. */
  readonly epoch: number | undefined

  constructor(id: string, key: string, flight: Flight<R>, source: Source<R>, local: LocalEntry<R> | undefined, askedAt: number, epoch: number | undefined) {
    this.id = id
    this.key = key
    this.flight = flight
    this.source = source
    this.local = local
    this.askedAt = askedAt
    this.epoch = epoch
  }

  /** The same, of which no message will be understood. */
  unheard(): Reading<R> {
    return new Reading(this.id, this.key, this.flight, this.source, this.local, this.askedAt, undefined)
  }
}

/** Asks Redis, then the loader. */
export class SharedReader<R> {
  readonly flights: Flights<R>
  readonly #context: RegionContext
  readonly #host: ReaderHost<R>
  /** Raised by readings that found nothing, lowered by the others. A process that starts expects that Redis has what it needs, until it misses once. */
  #missing = MAX_MISSING / 2 - 1

  constructor(context: RegionContext, host: ReaderHost<R>) {
    this.flights = new Flights(context.shared?.changes ?? noChanges)
    this.#context = context
    this.#host = host
  }

  /** Starts the reading of a key that others join. */
  read(id: string, key: string, shared: SharedTier, local: LocalEntry<R> | undefined, source: Source<R>): Promise<R> {
    const { clock, scope } = this.#context
    const flight = this.flights.start(id, scope.now())
    const askedAt = clock.now()
    // An id that is not well-formed text comes back from Redis as another one.
    const reading = new Reading(id, key, flight, source, local, askedAt, id.isWellFormed() ? shared.changes.epoch : undefined)
    scope.prepare(askedAt)
    flight.promise = new Promise((resolve, reject) => {
      const answer = (bytes: Buffer | null | undefined, lease?: LeaseReply): void => {
        try {
          resolve(this.#answer(reading, bytes, lease))
        } catch (error) {
          this.flights.land(id, flight)
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      // Where most readings find nothing, the lease is asked for with the entry: a miss takes one round trip less, and a hit costs Redis a little more.
      if (local === undefined && this.#missing >= MAX_MISSING / 2) shared.lease(key, undefined, (reply) => answer(reply.kind === 'found' ? reply.bytes : reply.kind === 'unavailable' ? undefined : null, reply))
      else shared.read(key, answer)
    })
    return flight.promise
  }

  #answer(reading: Reading<R>, bytes: Buffer | null | undefined, lease: LeaseReply | undefined): R | Promise<R> {
    const { envelope } = this.#context
    if (bytes === null) this.#missing = Math.min(this.#missing + 1, MAX_MISSING)
    else if (bytes !== undefined) this.#missing = Math.max(this.#missing - 1, 0)
    if (lease?.kind === 'granted' || lease?.kind === 'held') return this.#landing(reading, this.#without(reading, null, lease))
    const entry = bytes === null || bytes === undefined ? undefined : envelope.decode<R>(reading.key, bytes)
    if (!(entry instanceof Promise)) return this.#judge(reading, bytes, entry)
    // Large: whoever asks meanwhile joins, and messages are minded.
    const head = headOf(bytes)
    const answer = entry.then((decoded) => this.#judge(reading, head, decoded))
    answer.catch(() => this.flights.land(reading.id, reading.flight))
    return answer
  }

  #judge(reading: Reading<R>, bytes: Buffer | null | undefined, decoded: Entry<R> | undefined): R | Promise<R> {
    const { id, flight } = reading
    const entry = decoded !== undefined && this.#context.clock.now() < decoded.hardAt ? decoded : undefined
    const decision = entry === undefined ? undefined : this.#context.scope.decideNow(entry, reading.askedAt)
    if (entry !== undefined && (decision?.verdict === 'valid' || decision?.verdict === 'soft')) {
      this.flights.land(id, flight)
      return this.#serve(reading, entry, decision)
    }
    const head = headOf(bytes)
    return this.#landing(reading, entry !== undefined && decision?.verdict === 'unknown' ? this.#decide(reading, entry, head ?? null) : this.#without(reading, head))
  }

  /** Whoever asks before the answer joins. */
  #landing({ id, flight }: Reading<R>, answer: Promise<R>): Promise<R> {
    const land = (): void => this.flights.land(id, flight)
    answer.then(land, land)
    return answer
  }

  /** The marks of its tags have to be read first. When Redis does not tell, nobody can rely on the entry, but it is better than none. */
  async #decide(reading: Reading<R>, entry: Entry<R>, head: Buffer | null): Promise<R> {
    const decision = await this.#context.scope.decide(entry, reading.askedAt)
    // It may have expired meanwhile.
    if (decision.verdict === 'hard' || this.#context.clock.now() >= entry.hardAt) return this.#without(reading, head)
    return this.#serve(decision.verdict === 'unknown' ? reading.unheard() : reading, entry, decision)
  }

  #serve({ id, key, flight, source, askedAt, epoch }: Reading<R>, entry: Entry<R>, { verdict, standing }: Decision): R | Promise<R> {
    const { counters, timings, clock } = this.#context
    const { local, refresher, stale } = this.#host
    const kept = flight.fenced ? undefined : local.keepRead(id, entry, askedAt, epoch, standing, source.policy)
    if (kept !== undefined) noteUse(this.#context, id, kept, source.policy)
    if (verdict === 'valid' && !entry.expired && clock.now() < entry.softAt) {
      if (entry.value === null) counters.redisNegative++
      else counters.redisFresh++
      if (kept !== undefined && entry.deltaMs > 0) refresher.perhaps(id, key, kept, source)
      return entry.value
    }
    if (kept !== undefined) return stale.answer(id, kept, source, 'redisStale')
    counters.redisStale++
    timings.servedStale(clock.now() - entry.softAt)
    return entry.value
  }

  /** Redis had nothing of use: no answer (`undefined`), no entry (`null`), or one that is damaged, over or invalidated, of which these are the first bytes. */
  #without({ id, key, flight, source, local }: Reading<R>, head: Buffer | null | undefined, lease?: LeaseReply): Promise<R> {
    const { standing, stale, load } = this.#host
    if (head === undefined) {
      // Removed or replaced meanwhile, the copy from before must not come back this way.
      const usable = standing(id, flight.fenced ? this.#host.local.peek(id) : local)
      return usable === undefined ? load(id, source, undefined) : stale.answer(id, usable, source, 'localStale')
    }
    // Without an entry: invalidated, or evicted by Redis; nobody can tell which, so the old copy counts no more, not even when the load fails.
    if (head === null && !flight.fenced) this.#host.local.delete(id)
    // A change that came meanwhile may have voided the lease.
    if (flight.fenced && lease?.kind === 'granted') void this.#context.shared?.release(key, lease.token)
    return load(id, source, head, flight.fenced ? undefined : lease)
  }
}

/** The first bytes, for later: those of the whole are valid now only. */
function headOf(bytes: Buffer | null | undefined): Buffer | null | undefined {
  return bytes && Buffer.from(bytes.subarray(0, HEAD_BYTES))
}
