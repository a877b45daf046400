import type { Policy } from './policy.ts'

/** What a loader is told. */
export interface LoadContext {
  /** Aborted when the load has taken longer than `loadTimeout`. */
  readonly signal: AbortSignal
  /** `miss`: a caller waits. `refresh`: a stale value was served and nobody waits. */
  readonly reason: 'miss' | 'refresh'
}

/** Where values come from, and how long they live. */
export interface Source<R> {
  readonly policy: Policy
  load(id: string, context: LoadContext): R | Promise<R>
  /** True when `load` only gathers ids: then the call that loads them takes its turn in the bulkhead by itself. */
  readonly gathers?: boolean
  /** Told when `load` is not called for this id soon, or not at all: a batch need not wait for it. */
  leave?(id: string): void
}
