import { type Duration, MAX_DURATION_MS, toMilliseconds } from './duration.ts'
import { CacheError } from './errors.ts'

/** How long values live and how they are loaded. */
export interface PolicyOptions<R = unknown> {
  /** How long a value is fresh, counted from the start of its load; perhaps decided by the value. */
  readonly softTtl: Duration | ((this: void, value: NonNullable<R>) => Duration)
  /** How long it may be returned at all: between soft and hard it is served at once while one refresh runs. Not below `softTtl`. */
  readonly hardTtl: Duration | ((this: void, value: NonNullable<R>) => Duration)
  /** What the value is made of, by any names: `invalidateTags` invalidates all values with a tag. Absences have none. @default none */
  tags?(this: void, value: NonNullable<R>): readonly string[]
  /**
   * A value that nobody has asked for in this time is gone, before its hard expiry and never after it (sliding expiry). It may live a quarter longer,
   * because Redis is told of use only once in a quarter of this time. @default none
   */
  readonly idleTtl?: Duration
  /** How long an absence (`null` from the loader) is cached. @default '5s' */
  readonly negativeTtl?: Duration
  /** Share of the soft lifetime, 0 to 1, by which it is shortened at random, so that keys loaded together do not expire together. @default 0.05 */
  readonly jitter?: number
  /**
   * How eagerly a fresh value is refreshed before its soft expiry, in units of what its load costs (XFetch): above 1 earlier, 0 not at all.
   * Never in the first three quarters of the soft lifetime. @default 1
   */
  readonly beta?: number
  /** After this time the load is given up: its signal is aborted and its callers get `LOAD_TIMEOUT` or the stale value. @default '10s' */
  readonly loadTimeout?: Duration
  /**
   * How long a caller for whom there is a stale value waits for its successor, counted from the start of the load; then it gets the stale one, and the load goes on.
   * 0: not at all. @default 0
   */
  readonly softLoadTimeout?: Duration
  /** How long a failed refresh of a stale value waits before the next try, per process and key. @default '2s' */
  readonly refreshRetryDelay?: Duration
}

/** How long a value lives, counted from the start of its load. */
export interface Lifetime {
  readonly softTtlMs: number
  readonly hardTtlMs: number
}

/** {@link PolicyOptions} in milliseconds, checked. */
export interface Policy extends Lifetime {
  /** Set when the value decides; then `softTtlMs` is not that of a value. */
  readonly softTtlOf: ((value: never) => Duration) | undefined
  /** Set when the value decides; then `hardTtlMs` is the longest that is possible. */
  readonly hardTtlOf: ((value: never) => Duration) | undefined
  readonly tags: ((value: never) => readonly string[]) | undefined
  /** `Infinity` for none. */
  readonly idleTtlMs: number
  readonly negativeTtlMs: number
  readonly jitter: number
  readonly beta: number
  readonly loadTimeoutMs: number
  readonly softLoadTimeoutMs: number
  readonly refreshRetryDelayMs: number
}

/** Defaults of {@link PolicyOptions}. */
export const policyDefaults = {
  /** milliseconds */
  negativeTtl: 5_000,
  /** share of the soft TTL, 0 to 1 */
  jitter: 0.05,
  /** load costs */
  beta: 1,
  /** milliseconds */
  loadTimeout: 10_000,
  /** milliseconds */
  softLoadTimeout: 0,
  /** milliseconds */
  refreshRetryDelay: 2_000,
} as const

const POLICY_OPTIONS = new Set<string>(['softTtl', 'hardTtl', 'idleTtl', 'tags', ...Object.keys(policyDefaults)])

/**
 * Checks a policy and fills in the defaults.
 *
 * @param where - whose policy it is, for the message.
 * @throws {@link CacheError} `OPTION_INVALID`.
 */
export function resolvePolicy<R>(where: string, options: PolicyOptions<R>, otherOptions: readonly string[] = []): Policy {
  const unknown = Object.keys(options).find((name) => !POLICY_OPTIONS.has(name) && !otherOptions.includes(name))
  if (unknown !== undefined) throw new CacheError('OPTION_INVALID', `${where}: there is no option ${unknown}; there are ${[...otherOptions, ...POLICY_OPTIONS].join(', ')}`)
  const softTtlOf = typeof options.softTtl === 'function' ? options.softTtl : undefined
  const hardTtlOf = typeof options.hardTtl === 'function' ? options.hardTtl : undefined
  const { softTtlMs, hardTtlMs } = checkLifetime(where, typeof options.softTtl === 'function' ? 1 : options.softTtl, typeof options.hardTtl === 'function' ? MAX_DURATION_MS : options.hardTtl)
  if (options.tags !== undefined && typeof options.tags !== 'function') throw new CacheError('OPTION_INVALID', `${where}: tags must be a function of the value`)
  const jitter = options.jitter ?? policyDefaults.jitter
  if (!(jitter >= 0 && jitter <= 1)) throw new CacheError('OPTION_INVALID', `${where}: jitter is ${jitter}; give a share from 0 to 1`)
  const beta = options.beta ?? policyDefaults.beta
  if (!(beta >= 0 && beta <= 100)) throw new CacheError('OPTION_INVALID', `${where}: beta is ${beta}; give a number from 0 to 100`)
  return {
    softTtlMs,
    hardTtlMs,
    softTtlOf,
    hardTtlOf,
    tags: options.tags,
    idleTtlMs: options.idleTtl === undefined ? Number.POSITIVE_INFINITY : toMilliseconds(`${where}: idleTtl`, options.idleTtl, 1_000),
    negativeTtlMs: toMilliseconds(`${where}: negativeTtl`, options.negativeTtl ?? policyDefaults.negativeTtl, 1),
    jitter,
    beta,
    loadTimeoutMs: toMilliseconds(`${where}: loadTimeout`, options.loadTimeout ?? policyDefaults.loadTimeout, 1),
    softLoadTimeoutMs: toMilliseconds(`${where}: softLoadTimeout`, options.softLoadTimeout ?? policyDefaults.softLoadTimeout, 0),
    refreshRetryDelayMs: toMilliseconds(`${where}: refreshRetryDelay`, options.refreshRetryDelay ?? policyDefaults.refreshRetryDelay, 0),
  }
}

/** What a value, or its loader, decides for itself. */
export interface ValueOptions {
  readonly softTtl?: Duration
  /** Not above that of the policy. */
  readonly hardTtl?: Duration
  readonly tags?: readonly string[]
}

/**
 * How long a value lives.
 *
 * @param where - whose policy it is, for the message.
 * @throws {@link CacheError} `OPTION_INVALID`, when the value or its loader decided for what is not possible.
 */
export function lifetimeOf(where: string, policy: Policy, value: unknown, set: ValueOptions = {}): Lifetime {
  if (value === null || value === undefined) return { softTtlMs: policy.negativeTtlMs, hardTtlMs: policy.negativeTtlMs }
  const { softTtlOf, hardTtlOf } = policy
  if (softTtlOf === undefined && hardTtlOf === undefined && set.softTtl === undefined && set.hardTtl === undefined) return policy
  const softTtl = set.softTtl ?? softTtlOf?.(value as never) ?? policy.softTtlMs
  const hardTtl = set.hardTtl ?? hardTtlOf?.(value as never) ?? policy.hardTtlMs
  const lifetime = checkLifetime(where, softTtl, hardTtl)
  if (lifetime.hardTtlMs > policy.hardTtlMs) throw new CacheError('OPTION_INVALID', `${where}: hardTtl is ${lifetime.hardTtlMs} ms for this value, above the ${policy.hardTtlMs} ms of the definition, which is the most`)
  return lifetime
}

function checkLifetime(where: string, softTtl: Duration, hardTtl: Duration): Lifetime {
  const softTtlMs = toMilliseconds(`${where}: softTtl`, softTtl, 1)
  const hardTtlMs = toMilliseconds(`${where}: hardTtl`, hardTtl, 1)
  if (hardTtlMs < softTtlMs) throw new CacheError('OPTION_INVALID', `${where}: hardTtl is ${hardTtlMs} ms, below softTtl ${softTtlMs} ms; a value cannot be gone before it is stale`)
  return { softTtlMs, hardTtlMs }
}
