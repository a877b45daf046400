import type { LoadContext } from '../src/source.ts'

/** One call of a {@link DeferredLoader}. */
export interface PendingLoad<R> {
  readonly id: string
  readonly context: LoadContext
  readonly resolve: (value: R) => void
  readonly reject: (error: unknown) => void
}

/** A loader whose calls end when the test says so. */
export class DeferredLoader<R> {
  readonly calls: PendingLoad<R>[] = []

  readonly load = (id: string, context: LoadContext): Promise<R> =>
    new Promise((resolve, reject) => {
      this.calls.push({ id, context, resolve, reject })
    })

  /** The call made last. */
  get last(): PendingLoad<R> {
    const call = this.calls.at(-1)
    if (call === undefined) throw new Error('the loader was not called')
    return call
  }
}
