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
}

/** Defaults of {@link LoadLimitOptions}. */
export const loadLimitDefaults = {
  /** loads, for each definition and process */
  maxConcurrent: 64,
  /** loads */
  maxQueued: 10_000,
  /** milliseconds */
  maxWait: 5_000,
} as const

/**
 * Checks the limits and fills in the defaults.
 *
 * @param where - whose they are, for the message.
 * @throws {@link CacheError} `OPTION_INVALID`.
 */
export function resolveLoadLimits(where: string, options: LoadLimitOptions = {}, defaults?: BulkheadLimits): BulkheadLimits {
  refuseUnknown(Object.keys(options), Object.keys(loadLimitDefaults), where)
  return {
    maxConcurrent: toCount(`${where}maxConcurrent`, options.maxConcurrent ?? defaults?.maxConcurrent ?? loadLimitDefaults.maxConcurrent),
    maxQueued: toCount(`${where}maxQueued`, options.maxQueued ?? defaults?.maxQueued ?? loadLimitDefaults.maxQueued),
    maxWaitMs: toMilliseconds(`${where}maxWait`, options.maxWait ?? defaults?.maxWaitMs ?? loadLimitDefaults.maxWait, 1),
  }
}
