import { refuseUnknown } from '../option-checks.ts'
import type { Entry } from '../entry/entry.ts'
import { CacheError } from '../errors.ts'
import type { ValueOptions } from '../policy.ts'
import type { LoadContext, LoadReason } from '../source.ts'

type Said = { readonly kind: 'nothing' } | { readonly kind: 'same' } | { readonly kind: 'failed'; readonly error: CacheError }

/** What a load came to, by its loader. */
export interface LoadResult<R> {
  readonly value: R
  readonly set: ValueOptions
  /** The stale value was confirmed. */
  readonly same: boolean
}

/** One call of a loader: what it is told, and what it says. */
export class LoadCall<R> {
  readonly #definition: string
  readonly #id: string
  readonly #stale: Entry<R> | undefined
  #set: ValueOptions = {}
  #said: Said = { kind: 'nothing' }

  constructor(definition: string, id: string, stale: Entry<R> | undefined) {
    this.#definition = definition
    this.#id = id
    this.#stale = stale?.value === null ? undefined : stale
  }

  /** What the loader is told. */
  context(reason: LoadReason, signal: AbortSignal): LoadContext {
    return {
      key: this.#id,
      reason,
      signal,
      stale: this.#stale?.value,
      set: (options) => {
        refuseUnknown(Object.keys(options), ['softTtl', 'hardTtl', 'tags'], `${this.#definition}: set: `)
        this.#set = { ...this.#set, ...options }
      },
      notFound: () => null,
      notModified: () => this.#confirm(),
      fail: (reasonOrError) => this.#fail(reasonOrError),
    }
  }

  /** The result, from what the loader returned. @throws CacheError `LOAD_FAILED`, when the loader said so. */
  result(returned: R): LoadResult<R> {
    if (this.#said.kind === 'failed') throw this.#said.error
    if (this.#said.kind === 'same' && this.#stale !== undefined) return { value: this.#stale.value, set: { ...(this.#stale.tags !== undefined && { tags: this.#stale.tags }), ...this.#set }, same: true }
    return { value: returned, set: this.#set, same: false }
  }

  // Both return nothing of use. Their type says never, so that what a loader returns is the type of its values alone.
  #confirm(): never {
    const fields = { definition: this.#definition, id: this.#id }
    if (this.#stale === undefined) throw new CacheError('NO_STALE_VALUE', `${this.#definition}: notModified was called, but there is no stale value; look at stale first`, fields)
    this.#said = { kind: 'same' }
    return undefined as never
  }

  #fail(reason: string | Error): never {
    const message = `${this.#definition}: the load failed: ${reason instanceof Error ? reason.message : reason}`
    this.#said = { kind: 'failed', error: new CacheError('LOAD_FAILED', message, { definition: this.#definition, id: this.#id, ...(reason instanceof Error && { cause: reason }) }) }
    return undefined as never
  }
}
