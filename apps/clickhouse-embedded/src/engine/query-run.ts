import type { Worker } from 'node:worker_threads'
import { ClickHouseException } from '../errors.ts'
import type { EngineQuery, FromThread, QueryFigures, ToThread } from './engine-messages.ts'

/** What a run gives next: a piece of the result, or the end with its figures. */
export type RunStep = { readonly type: 'piece'; readonly bytes: Uint8Array } | { readonly type: 'done'; readonly figures: QueryFigures }

type State =
  | { readonly type: 'running' }
  | { readonly type: 'awaited'; readonly resolve: (step: RunStep) => void; readonly reject: (error: ClickHouseException) => void }
  | { readonly type: 'done'; readonly figures: QueryFigures }
  | { readonly type: 'failed'; readonly error: ClickHouseException }

/** One query on one engine thread. Pieces come only when asked for, which is the backpressure. */
export class QueryRun {
  /** Resolves when the thread is free again. Never rejects. */
  readonly finished: Promise<void>
  readonly #thread: Worker
  readonly #kill: () => Promise<void>
  #state: State = { type: 'running' }
  #release: () => void = () => {}
  #cancelled = false

  /** @param kill - stops the query inside the engine, if it has begun there. */
  constructor(thread: Worker, tag: string, query: EngineQuery, kill: () => Promise<void>) {
    this.#thread = thread
    this.#kill = kill
    this.finished = new Promise((resolve) => {
      this.#release = resolve
    })
    thread.on('message', this.#onMessage)
    this.#post({ type: 'run', tag, query })
  }

  /**
   * The next piece, or the end.
   *
   * @throws ClickHouseException with the engine's error.
   */
  next(): Promise<RunStep> {
    const state = this.#state
    switch (state.type) {
      case 'done':
        return Promise.resolve({ type: 'done', figures: state.figures })
      case 'failed':
        return Promise.reject(state.error)
      case 'awaited':
        return Promise.reject(new Error('QueryRun.next() was called before the last call settled'))
      case 'running':
        return new Promise((resolve, reject) => {
          this.#state = { type: 'awaited', resolve, reject }
          this.#post({ type: 'next' })
        })
    }
  }

  /** Stops the query, also one that is busy inside the engine, and resolves when the thread is free. */
  async cancel(): Promise<void> {
    if (!this.#cancelled && !this.#over()) {
      this.#cancelled = true
      this.#post({ type: 'cancel' })
      // The query may not have begun yet when the first attempt is made; so until it is over.
      while (!this.#over()) {
        await this.#kill()
        await Promise.race([this.finished, new Promise((resolve) => setTimeout(resolve, 100))])
      }
    }
    await this.finished
  }

  #over(): boolean {
    return this.#state.type === 'done' || this.#state.type === 'failed'
  }

  readonly #onMessage = (message: FromThread): void => {
    switch (message.type) {
      case 'ready':
        break
      case 'piece':
        if (this.#state.type === 'awaited') {
          const { resolve } = this.#state
          this.#state = { type: 'running' }
          resolve({ type: 'piece', bytes: message.bytes })
        }
        break
      case 'done':
        this.#settle({ type: 'done', figures: message.figures })
        break
      case 'failed':
        this.#settle({ type: 'failed', error: ClickHouseException.parse(message.message) })
        break
    }
  }

  #settle(end: Extract<State, { type: 'done' | 'failed' }>): void {
    if (this.#over()) return
    const before = this.#state
    this.#state = end
    this.#thread.off('message', this.#onMessage)
    if (before.type === 'awaited') {
      if (end.type === 'done') before.resolve({ type: 'done', figures: end.figures })
      else before.reject(end.error)
    }
    this.#release()
  }

  #post(message: ToThread): void {
    this.#thread.postMessage(message)
  }
}
