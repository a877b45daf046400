import type { Clock } from '../clock.ts'
import type { Counters } from '../counters.ts'
import type { Envelope } from '../entry/envelope.ts'
import type { CacheError } from '../errors.ts'
import type { SharedTier } from '../redis/shared-tier.ts'
import type { HotKeys } from '../hot-keys.ts'
import type { Scope } from '../tags/scope.ts'
import type { Timings } from '../timings.ts'
import type { Bulkhead } from './bulkhead.ts'
import type { LoadDeadlines } from './load-deadlines.ts'

/** What the parts of one definition share. */
export interface RegionContext {
  /** Name of the definition. */
  readonly name: string
  readonly scope: Scope
  readonly shared: SharedTier | undefined
  readonly counters: Counters
  readonly timings: Timings
  /** Whether loads are spans. */
  readonly loadSpans: boolean
  readonly hotKeys: HotKeys
  readonly envelope: Envelope
  readonly bulkhead: Bulkhead
  readonly deadlines: LoadDeadlines
  readonly clock: Clock
  readonly random: () => number
  readonly leaseTtlMs: number
  readonly leaseWaitMs: number
  readonly maxTaggedTtlMs: number
  readonly onError: (error: CacheError) => void
}
