import type { CounterSnapshot } from './counters.ts'
import type { LocalMemory } from './local/local-tier.ts'
import type { Coherence } from './redis/changes.ts'
import type { SharedTierStats } from './redis/shared-tier.ts'

/** What one definition did so far. */
export interface DefinitionStats extends CounterSnapshot, LocalMemory {
  /** Entries in the local tier now. */
  readonly localItems: number
  /** Entries that the local tier may have. */
  readonly localLimit: number
  /** Loads that run now. */
  readonly loadsRunning: number
  /** Loads that wait for their turn now. */
  readonly loadsQueued: number
}

/** What a cache did so far. */
export interface CacheStats {
  /** By name of the definition; `~` is `getOrLoad`. */
  readonly definitions: Readonly<Record<string, DefinitionStats>>
  /** Zero and off in a local-only cache. */
  readonly redis: SharedTierStats
  /** By what the local copies of processes agree now. */
  readonly coherence: Coherence
  /** Times that the channel of changes was established or lost; after each, local copies are read from Redis again. */
  readonly coherenceChanges: number
}
