import { refuseUnknown } from '../option-checks.ts'
import type { Entry } from '../entry/entry.ts'
import { CacheError } from '../errors.ts'
import type { ValueOptions } from '../policy.ts'
import type { LoadContext, LoadReason } from '../source.ts'
import type { LazyAbort } from './lazy-abort.ts'

type Said = { readonly kind: 'nothing' } | { readonly kind: 'same' } | { readonly kind: 'failed'; readonly error: CacheError }

/** What a load came to, by its loader. */
export interface LoadResult<R> {
  readonly value: R
  readonly set: ValueOptions
  /** The stale value was confirmed. */
  readonly same: boolean
}

const nothingSaid: Said = { kind: 'nothing' }
const nothingSet: ValueOptions = {}
const notFound = (): null => null

/** One call of a loader: what it is told, and what it says. Its functions are made when they are asked for: most loaders use none. */
export class LoadCall<R> implements LoadContext {
  readonly key: string
  readonly reason: LoadReason
  readonly notFound = notFound
  readonly #definition: string
  readonly #stale: Entry<R> | undefined
  readonly #abort: LazyAbort
  #set: ValueOptions = nothingSet
  #said: Said = nothingSaid

  constructor(definition: string, id: string, reason: LoadReason, stale: Entry<R> | undefined, abort: LazyAbort) {
    this.key = id
    this.reason = reason
    this.#definition = definition
    this.#stale = stale?.value === null ? undefined : stale
    this.#abort = abort
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get stale(): R | undefined {
    return this.#stale?.value
  }

  get set(): LoadContext['set'] {
    return (options) => {
      refuseUnknown(Object.keys(options), ['softTtl', 'hardTtl', 'tags'], `${this.#definition}: set: `)
      this.#set = { ...this.#set, ...options }
    }
  }

  get notModified(): LoadContext['notModified'] {
    return () => this.#confirm()
  }

  get fail(): LoadContext['fail'] {
    return (reasonOrError) => this.#fail(reasonOrError)
  }

  /** The result, from what the loader returned. @throws CacheError `LOAD_FAILED`, when the loader said so. */
  result(returned: R): LoadResult<R> {
    if (this.#said.kind === 'failed') throw this.#said.error
    if (this.#said.kind === 'same' && this.#stale !== undefined) return { value: this.#stale.value, set: { ...(this.#stale.tags !== undefined && { tags: this.#stale.tags }), ...this.#set }, same: true }
    return { value: returned, set: this.#set, same: false }
  }

  // Both return nothing of use. Their type says never, so that what a loader returns is the type of its values alone.
  #confirm(): never {
    const fields = { definition: this.#definition, id: this.key }
    if (this.#stale === undefined) throw new CacheError('NO_STALE_VALUE', `${this.#definition}: notModified was called, but there is no stale value; look at stale first`, fields)
    this.#said = { kind: 'same' }
    return undefined as never
  }

  #fail(reason: string | Error): never {
    const message = `${this.#definition}: the load failed: ${reason instanceof Error ? reason.message : reason}`
    this.#said = { kind: 'failed', error: new CacheError('LOAD_FAILED', message, { definition: this.#definition, id: this.key, ...(reason instanceof Error && { cause: reason }) }) }
    return undefined as never
  }
}
