import { type Duration, toMilliseconds } from './duration.ts'
import { CacheError } from './errors.ts'

/** How long values live and how they are loaded. */
export interface PolicyOptions {
  /** How long a value is fresh, counted from the start of its load. */
  readonly softTtl: Duration
  /** How long it may be returned at all: between soft and hard it is served at once while one refresh runs. Not below `softTtl`. */
  readonly hardTtl: Duration
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
  /** How long a failed refresh of a stale value waits before the next try, per process and key. @default '2s' */
  readonly refreshRetryDelay?: Duration
}

/** {@link PolicyOptions} in milliseconds, checked. */
export interface Policy {
  readonly softTtlMs: number
  readonly hardTtlMs: number
  readonly negativeTtlMs: number
  readonly jitter: number
  readonly beta: number
  readonly loadTimeoutMs: number
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
  refreshRetryDelay: 2_000,
} as const

const POLICY_OPTIONS = new Set<string>(['softTtl', 'hardTtl', ...Object.keys(policyDefaults)])

/**
 * Checks a policy and fills in the defaults.
 *
 * @param where - whose policy it is, for the message.
 * @throws {@link CacheError} `OPTION_INVALID`.
 */
export function resolvePolicy(where: string, options: PolicyOptions, otherOptions: readonly string[] = []): Policy {
  const unknown = Object.keys(options).find((name) => !POLICY_OPTIONS.has(name) && !otherOptions.includes(name))
  if (unknown !== undefined) throw new CacheError('OPTION_INVALID', `${where}: there is no option ${unknown}; there are ${[...otherOptions, ...POLICY_OPTIONS].join(', ')}`)
  const softTtlMs = toMilliseconds(`${where}: softTtl`, options.softTtl, 1)
  const hardTtlMs = toMilliseconds(`${where}: hardTtl`, options.hardTtl, 1)
  if (hardTtlMs < softTtlMs) throw new CacheError('OPTION_INVALID', `${where}: hardTtl is ${hardTtlMs} ms, below softTtl ${softTtlMs} ms; a value cannot be gone before it is stale`)
  const jitter = options.jitter ?? policyDefaults.jitter
  if (!(jitter >= 0 && jitter <= 1)) throw new CacheError('OPTION_INVALID', `${where}: jitter is ${jitter}; give a share from 0 to 1`)
  const beta = options.beta ?? policyDefaults.beta
  if (!(beta >= 0 && beta <= 100)) throw new CacheError('OPTION_INVALID', `${where}: beta is ${beta}; give a number from 0 to 100`)
  return {
    softTtlMs,
    hardTtlMs,
    negativeTtlMs: toMilliseconds(`${where}: negativeTtl`, options.negativeTtl ?? policyDefaults.negativeTtl, 1),
    jitter,
    beta,
    loadTimeoutMs: toMilliseconds(`${where}: loadTimeout`, options.loadTimeout ?? policyDefaults.loadTimeout, 1),
    refreshRetryDelayMs: toMilliseconds(`${where}: refreshRetryDelay`, options.refreshRetryDelay ?? policyDefaults.refreshRetryDelay, 0),
  }
}
