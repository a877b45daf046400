import { type Duration, toMilliseconds } from './duration.ts'
import { refuseUnknown, toCount } from './option-checks.ts'
import type { BulkheadLimits } from './flight/bulkhead.ts'

/** How many loads of one definition this process runs, so that nothing that happens to the cache overruns the source. */
export interface LoadLimitOptions {
  /** Most loads at once; a call of `loadMany` is one. @default 64 */
  readonly maxConcurrent?: number
  /** Most loads that wait for their turn; more are refused with `LOAD_SHED`. @default 10000 */
  readonly maxQueued?: number
  /** Longest wait for a turn; then the load is refused with `LOAD_SHED`. @default '5s' */
  readonly maxWait?: Duration
  /**
   * After a start, a clear or a flush of Redis the number of loads at once grows from `rampFrom` to `maxConcurrent` over this time, so that a source whose own caches
   * are cold is not hit by all at once; 0: it does not. @default 0
   */
  readonly rampUp?: Duration
  /** Loads at once at the beginning of `rampUp`; not above `maxConcurrent`. @default 4 */
  readonly rampFrom?: number
}

/** Defaults of {@link LoadLimitOptions}. */
export const loadLimitDefaults = {
  /** loads, for each definition and process */
  maxConcurrent: 64,
  /** loads */
  maxQueued: 10_000,
  /** milliseconds */
  maxWait: 5_000,
  /** milliseconds */
  rampUp: 0,
  /** loads */
  rampFrom: 4,
} as const

/**
 * Checks the limits and fills in the defaults.
 *
 * @param where - whose they are, for the message.
 * @throws {@link CacheError} `OPTION_INVALID`.
 */
export function resolveLoadLimits(where: string, options: LoadLimitOptions = {}, defaults?: BulkheadLimits): BulkheadLimits {
  refuseUnknown(Object.keys(options), Object.keys(loadLimitDefaults), where)
  const maxConcurrent = toCount(`${where}maxConcurrent`, options.maxConcurrent ?? defaults?.maxConcurrent ?? loadLimitDefaults.maxConcurrent)
  return {
    maxConcurrent,
    maxQueued: toCount(`${where}maxQueued`, options.maxQueued ?? defaults?.maxQueued ?? loadLimitDefaults.maxQueued),
    maxWaitMs: toMilliseconds(`${where}maxWait`, options.maxWait ?? defaults?.maxWaitMs ?? loadLimitDefaults.maxWait, 1),
    rampUpMs: toMilliseconds(`${where}rampUp`, options.rampUp ?? defaults?.rampUpMs ?? loadLimitDefaults.rampUp, 0),
    rampFrom: Math.min(maxConcurrent, toCount(`${where}rampFrom`, options.rampFrom ?? defaults?.rampFrom ?? loadLimitDefaults.rampFrom)),
  }
}
