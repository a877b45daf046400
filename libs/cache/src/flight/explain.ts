import type { Entry } from '../entry/entry.ts'
import type { LocalEntry } from '../local/local-tier.ts'
import type { SharedTier } from '../redis/shared-tier.ts'
import type { Verdict } from '../tags/scope.ts'
import type { RegionContext } from './region-context.ts'

/** What one tier holds under a key. Durations are milliseconds. */
export interface ExplainedEntry {
  /**
   * `over`: past its hard expiry, or idle for too long. `invalidated`: by one of its tags or its namespace. `unconfirmed`: nobody knows, because Redis does not tell;
   * or a local copy for which Redis is asked first.
   */
  readonly state: 'fresh' | 'stale' | 'negative' | 'over' | 'invalidated' | 'unconfirmed'
  /** Since its load began; without Redis's stamp by its soft lifetime, jitter included. */
  readonly ageMs: number
  /** Negative when it is stale by age. */
  readonly freshForMs: number
  /** Until its hard expiry. */
  readonly livesForMs: number
  /** How long loads of it take. */
  readonly costMs: number
  readonly version: number
  readonly tags: readonly string[]
  /** What its tags and namespaces say. */
  readonly marks: Verdict
  /** Declared stale by `expire`. */
  readonly expired: boolean
}

/** What there is of a key, and what `get` would do now. */
export interface Explanation {
  /** Where the answer would come from. `join`: from a load of this process that is under way. `none`: the cache is closed. */
  readonly answer: 'local' | 'redis' | 'join' | 'load' | 'none'
  /** In a sentence. */
  readonly why: string
  readonly local: ExplainedEntry | undefined
  readonly redis: ExplainedEntry | undefined
  /** Why `redis` says nothing: there is none, it is away or an invalidation of the key has not landed, or the key has no entry, or one that cannot be used. */
  readonly redisState: 'off' | 'unavailable' | 'empty' | 'unusable' | 'held'
  /** Whether a process loads or writes the key under its lease; `undefined` when Redis does not tell. */
  readonly leased: boolean | undefined
  /** Whether this process loads the key. */
  readonly loading: boolean
}

/** What this process knows of a key. */
export interface Known<R> {
  readonly copy: LocalEntry<R> | undefined
  readonly trusted: boolean
  readonly loading: boolean
  readonly closed: boolean
}

/** Looks at both tiers and changes neither. Never rejects. */
export async function explain<R>(context: RegionContext, key: string, { copy, trusted, loading, closed }: Known<R>): Promise<Explanation> {
  const { scope, shared, clock } = context
  const local = copy && explained(copy, scope.judgeCopy(copy, copy.order), clock.exactNow(), copy.expired, trusted, copy.idleAt)
  const { redis, redisState, leased } = closed || shared === undefined ? { redis: undefined, redisState: 'off' as const, leased: undefined } : await inRedis<R>(context, shared, key)
  return { ...decide(local, redis, redisState, loading, closed), local, redis, redisState, leased, loading }
}

async function inRedis<R>({ scope, envelope, clock }: RegionContext, shared: SharedTier, key: string): Promise<Pick<Explanation, 'redis' | 'redisState' | 'leased'>> {
  const askedAt = clock.exactNow()
  if (!shared.available(key)) return { redis: undefined, redisState: 'unavailable', leased: undefined }
  const [bytes, leased] = await Promise.all([new Promise<Buffer | null | undefined>((resolve) => shared.read(key, (read) => resolve(read && Buffer.from(read)))), shared.leased(key)])
  if (bytes === undefined || bytes === null) return { redis: undefined, redisState: bytes === null ? 'empty' : 'unavailable', leased }
  const entry: Entry<R> | undefined = await Promise.resolve(envelope.decode<R>(key, bytes)).catch(() => undefined)
  if (entry === undefined) return { redis: undefined, redisState: 'unusable', leased }
  const { verdict } = await scope.decide(entry, askedAt)
  return { redis: explained(entry, verdict, clock.exactNow(), entry.expired, true), redisState: 'held', leased }
}

function explained(entry: Omit<Entry<unknown>, 'expired'>, marks: Verdict, now: number, expired: boolean, trusted: boolean, idleAt = Number.POSITIVE_INFINITY): ExplainedEntry {
  const { softAt, hardAt, softTtlMs, stampUs, deltaMs, version, tags = [] } = entry
  const ageMs = Math.max(0, stampUs > 0 ? now - stampUs / 1_000 : now - (softAt - softTtlMs))
  const state = now >= hardAt || now >= idleAt ? 'over' : marks === 'hard' ? 'invalidated' : marks === 'unknown' || !trusted ? 'unconfirmed' : entry.value === null ? 'negative' : marks === 'soft' || expired || now >= softAt ? 'stale' : 'fresh'
  return { state, ageMs, freshForMs: softAt - now, livesForMs: hardAt - now, costMs: deltaMs, version, tags, marks, expired }
}

function decide(local: ExplainedEntry | undefined, redis: ExplainedEntry | undefined, redisState: Explanation['redisState'], loading: boolean, closed: boolean): Pick<Explanation, 'answer' | 'why'> {
  if (closed) return { answer: 'none', why: 'the cache is closed' }
  if (local !== undefined && isServed(local)) return { answer: 'local', why: `the local copy is ${reason(local)}` }
  const before = local === undefined ? 'no local copy' : `the local copy is ${local.state}`
  if (redis !== undefined && isServed(redis)) return { answer: 'redis', why: `${before}; the entry in Redis is ${reason(redis)}` }
  if (local?.state === 'unconfirmed' && (redisState === 'unavailable' || redisState === 'off')) return { answer: 'local', why: 'Redis cannot be asked, so the local copy is served as stale' }
  if (redis?.state === 'unconfirmed') return { answer: 'redis', why: `${before}; whether the entry in Redis was invalidated is not known, so it is served as stale` }
  const there = redis === undefined ? { off: 'no Redis', unavailable: 'Redis cannot be asked', empty: 'no entry in Redis', unusable: 'the entry in Redis cannot be used', held: '' }[redisState] : `the entry in Redis is ${redis.state}`
  return { answer: loading ? 'join' : 'load', why: `${before}; ${there}` }
}

function isServed({ state }: ExplainedEntry): boolean {
  return state === 'fresh' || state === 'stale' || state === 'negative'
}

function reason({ state, expired, marks }: ExplainedEntry): string {
  if (state !== 'stale') return state
  return `stale, by ${expired ? 'expire' : marks === 'soft' ? 'a tag or namespace' : 'its age'}, and renewed`
}
