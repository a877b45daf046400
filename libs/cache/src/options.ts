import type { Cluster, Redis } from 'ioredis'
import { BYTES_OPTIONS, type BytesOptions, type BytesPolicy, resolveBytes } from './bytes-options.ts'
import { type Clock, SystemClock } from './clock.ts'
import { type Duration, toMilliseconds } from './duration.ts'
import { type EncryptionOptions, Sealer } from './entry/sealer.ts'
import { CacheError } from './errors.ts'
import type { BulkheadLimits } from './flight/bulkhead.ts'
import { type LoadLimitOptions, resolveLoadLimits } from './load-limits.ts'
import { LOCAL_LIMIT_OPTIONS, type LocalLimitOptions, type LocalLimits, localDefaults, resolveLocalLimits } from './local/local-limits.ts'
import { refuseUnknown, toCount } from './option-checks.ts'

/** The tier in this process. The limits are for each definition, and for `getOrLoad`. */
export interface LocalOptions extends LocalLimitOptions {
  /**
   * How long a local copy is used before Redis is asked again: the longest time for which this process may not notice
   * what another one wrote or invalidated, while changes are not heard. Has no meaning without Redis. @default '5s'
   */
  readonly maxStaleness?: Duration
  /** Whether Redis is asked to tell of changes (`CLIENT TRACKING`), so that local copies need no bound but their expiry. @default true */
  readonly tracking?: boolean
}

/** Options of {@link createCache}. */
export interface CacheOptions extends BytesOptions {
  /** First part of every key in Redis: 1 to 64 letters, digits, `_`, `-` or `.`. */
  readonly namespace: string
  /** A `redis://` or `rediss://` URL, a connected ioredis client (which `close()` leaves open), or `false` for a local-only cache. */
  readonly redis: string | Redis | Cluster | false
  readonly local?: LocalOptions
  /** Encrypts all values in Redis; an entry that these keys have not sealed is a miss. @default not encrypted */
  readonly encrypted?: EncryptionOptions
  /** Limits of the loads of each definition, and of `getOrLoad`, in this process. */
  readonly loads?: LoadLimitOptions
  /** Longest wait for one answer of Redis; then the call goes on without it. @default '250ms' */
  readonly redisTimeout?: Duration
  /** How long a loader holds a key before it must renew; what a crashed process costs the others. @default '2s' */
  readonly leaseTtl?: Duration
  /** How long a caller without a stale value waits for the load of another process before it loads by itself. @default '5s' */
  readonly leaseWait?: Duration
  /**
   * How long an invalidation of a tag is remembered in Redis; a value with tags lives no longer than this, whatever its `hardTtl`.
   * Must be the same in all processes of the namespace. @default '7d'
   */
  readonly maxTaggedTtl?: Duration
  /** Most invalidations remembered while Redis is away. @default 10000 */
  readonly maxQueuedInvalidations?: number
  /** Whether each load is a span `cache.load` of the OpenTelemetry SDK that the process has. @default true */
  readonly loadSpans?: boolean
  /** Told of failures that no caller sees: refreshes in background, Redis lost, invalidations dropped. Must not throw. @default none */
  readonly onError?: (error: CacheError) => void
  /** @default the computer's clock */
  readonly clock?: Clock
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number
}

/** {@link CacheOptions} in plain units, checked. */
export interface ResolvedOptions {
  readonly namespace: string
  readonly redis: string | Redis | Cluster | false
  readonly localLimits: LocalLimits
  readonly bytes: BytesPolicy
  readonly sealer: Sealer | undefined
  readonly loadLimits: BulkheadLimits
  readonly maxStalenessMs: number
  readonly tracking: boolean
  readonly loadSpans: boolean
  readonly redisTimeoutMs: number
  readonly leaseTtlMs: number
  readonly leaseWaitMs: number
  readonly maxTaggedTtlMs: number
  readonly maxQueuedInvalidations: number
  readonly onError: (error: CacheError) => void
  readonly clock: Clock
  readonly random: () => number
}

/** Defaults of {@link CacheOptions}. */
export const cacheDefaults = {
  ...localDefaults,
  /** milliseconds */
  maxStaleness: 5_000,
  tracking: true,
  loadSpans: true,
  /** milliseconds */
  redisTimeout: 250,
  /** milliseconds */
  leaseTtl: 2_000,
  /** milliseconds */
  leaseWait: 5_000,
  /** milliseconds */
  maxTaggedTtl: 7 * 24 * 3_600_000,
  /** invalidations */
  maxQueuedInvalidations: 10_000,
} as const

const CACHE_OPTIONS = ['namespace', 'redis', 'local', ...BYTES_OPTIONS, 'encrypted', 'loads', 'redisTimeout', 'leaseTtl', 'leaseWait', 'maxTaggedTtl', 'maxQueuedInvalidations', 'loadSpans', 'onError', 'clock', 'random']
const LOCAL_OPTIONS = [...LOCAL_LIMIT_OPTIONS, 'maxStaleness', 'tracking']

/** Checks the options and fills in the defaults. @throws {@link CacheError} `OPTION_INVALID`. */
export function resolveOptions(options: CacheOptions): ResolvedOptions {
  refuseUnknown(Object.keys(options), CACHE_OPTIONS, '')
  refuseUnknown(Object.keys(options.local ?? {}), LOCAL_OPTIONS, 'local.')
  if (!/^[\w.-]{1,64}$/.test(options.namespace)) throw new CacheError('OPTION_INVALID', `namespace is ${JSON.stringify(options.namespace)}; give 1 to 64 letters, digits, _, - or .`)
  if (typeof options.redis === 'string' && !/^rediss?:\/\//.test(options.redis)) {
    throw new CacheError('OPTION_INVALID', 'redis is text but not a URL; give redis://host:port, rediss://host:port, an ioredis client, or false')
  }
  const tracking: unknown = options.local?.tracking ?? cacheDefaults.tracking
  if (typeof tracking !== 'boolean') throw new CacheError('OPTION_INVALID', `local.tracking is ${JSON.stringify(tracking)}; give true or false`)
  return {
    namespace: options.namespace,
    redis: options.redis,
    localLimits: resolveLocalLimits('local.', options.local),
    bytes: resolveBytes('', options),
    sealer: options.encrypted === undefined ? undefined : new Sealer(options.encrypted),
    loadLimits: resolveLoadLimits('loads.', options.loads),
    maxStalenessMs: toMilliseconds('local.maxStaleness', options.local?.maxStaleness ?? cacheDefaults.maxStaleness, 0),
    tracking,
    loadSpans: options.loadSpans ?? cacheDefaults.loadSpans,
    redisTimeoutMs: toMilliseconds('redisTimeout', options.redisTimeout ?? cacheDefaults.redisTimeout, 1),
    leaseTtlMs: toMilliseconds('leaseTtl', options.leaseTtl ?? cacheDefaults.leaseTtl, 100),
    leaseWaitMs: toMilliseconds('leaseWait', options.leaseWait ?? cacheDefaults.leaseWait, 0),
    maxTaggedTtlMs: toMilliseconds('maxTaggedTtl', options.maxTaggedTtl ?? cacheDefaults.maxTaggedTtl, 1_000),
    maxQueuedInvalidations: toCount('maxQueuedInvalidations', options.maxQueuedInvalidations ?? cacheDefaults.maxQueuedInvalidations),
    onError: guarded(options.onError ?? (() => {})),
    clock: options.clock ?? new SystemClock(),
    random: options.random ?? Math.random,
  }
}

/** A listener that throws must not turn a refresh that nobody awaits into an unhandled rejection. */
function guarded(onError: (error: CacheError) => void): (error: CacheError) => void {
  return (error) => {
    try {
      onError(error)
    } catch (thrown) {
      process.emitWarning(`the onError listener of a cache threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
}
