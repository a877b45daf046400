import type { Policy, ValueOptions } from './policy.ts'

/** Why a loader is called: `miss`: there is nothing to return and callers wait; `expired`: the value is stale; `early`: it is still fresh, and will expire soon. */
export type LoadReason = 'miss' | 'expired' | 'early'

/** What a loader is told, and what it may say beside its value. Its functions need no `this`. */
export interface LoadContext<Stale = unknown> {
  /** The id, or the key of `getOrLoad`. */
  readonly key: string
  readonly reason: LoadReason
  /** Aborted when the load has taken longer than `loadTimeout`. */
  readonly signal: AbortSignal
  /** The value that is to be replaced, if there is one; an absence counts as none. */
  readonly stale: Stale | undefined
  /** Decides how long this value lives and what its tags are, in place of the definition. */
  readonly set: (this: void, options: ValueOptions) => void
  /** Returns `null`, which says that there is no such value. */
  readonly notFound: (this: void) => null
  /**
   * `return notModified()`: the stale value is still right, and begins a new life.
   *
   * @throws {@link CacheError} `NO_STALE_VALUE`, when there is none; see `stale`.
   */
  readonly notModified: (this: void) => never
  /** `return fail(reason)`: the load failed, as if it had thrown. The stale value is kept; callers without one get `LOAD_FAILED`. */
  readonly fail: (this: void, reason: string | Error) => never
}

/** What a loader of several values is told. */
export interface LoadManyContext {
  /** `miss` when callers wait for one of the values. */
  readonly reason: LoadReason
  /** Aborted when the load has taken longer than `loadTimeout`. */
  readonly signal: AbortSignal
  /** Decides how long the value of an id lives and what its tags are, in place of the definition. */
  readonly set: (this: void, id: string, options: ValueOptions) => void
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
