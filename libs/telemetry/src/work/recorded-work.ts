import type { Attributes } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE, ATTR_EXCEPTION_MESSAGE } from '@opentelemetry/semantic-conventions'
import { type ErrorCategory, type ErrorFacts, errorFacts } from './error-facts.ts'
import { Fields } from './fields.ts'
import type { EventLimits } from './limits.ts'
import type { Outcome } from './outcome.ts'
import { isThenable } from './thenable.ts'
import { Timers, toMicrosecond } from './timers.ts'
import type { FieldValue, Work } from './work.ts'

/** What a {@link RecordedWork} is made with. */
export interface RecordedWorkOptions {
  readonly limits: Required<EventLimits>
  readonly redactNames: RegExp | undefined
  /** A clock that never goes back. Milliseconds. */
  readonly now: () => number
}

/** A unit of work of which an event will come. */
export class RecordedWork implements Work {
  readonly name: string
  readonly #fields: Fields
  readonly #timers: Timers
  readonly #now: () => number
  readonly #startedAt: number
  #outcome: Outcome | undefined
  #error: ErrorFacts | undefined
  #ended = false

  constructor(name: string, { limits, redactNames, now }: RecordedWorkOptions) {
    this.name = name
    this.#fields = new Fields(limits, redactNames)
    this.#timers = new Timers(limits.maxTimers)
    this.#now = now
    this.#startedAt = now()
  }

  get recording(): boolean {
    return !this.#ended
  }

  set(name: string, value: FieldValue): void {
    if (!this.#ended) this.#fields.set(name, value)
  }

  add(name: string, amount = 1): void {
    if (!this.#ended) this.#fields.add(name, amount)
  }

  time<T>(name: string, fn: () => T): T {
    const startedAt = this.#now()
    const stop = (): void => this.recordTime(name, this.#now() - startedAt)
    let result: T
    try {
      result = fn()
    } catch (error) {
      stop()
      throw error
    }
    if (isThenable(result)) return Promise.resolve(result).finally(stop) as T
    stop()
    return result
  }

  recordTime(name: string, durationMs: number): void {
    if (!this.#ended && !this.#timers.record(name, durationMs)) this.#fields.dropped++
  }

  outcome(outcome: Outcome): void {
    if (!this.#ended) this.#outcome = outcome
  }

  fail(error: unknown, category?: ErrorCategory): void {
    if (!this.#ended) this.#error = errorFacts(error, category)
  }

  /** Ends it, once: what the event says. Later calls return `undefined`. */
  end(): { readonly outcome: Outcome; readonly error: ErrorFacts | undefined; readonly attributes: Attributes } | undefined {
    if (this.#ended) return undefined
    this.#ended = true
    const outcome = this.#outcome ?? (this.#error === undefined ? 'ok' : 'error')
    const error = this.#error === undefined ? undefined : { ...this.#error, message: this.#fields.safeText(this.#error.message) }
    const attributes: Attributes = { 'work.outcome': outcome, 'work.duration_ms': toMicrosecond(this.#now() - this.#startedAt) }
    this.#timers.writeTo(attributes)
    this.#fields.writeTo(attributes)
    if (error !== undefined) {
      attributes[ATTR_ERROR_TYPE] = error.type
      attributes[ATTR_EXCEPTION_MESSAGE] = error.message
      attributes['work.error.category'] = error.category
    }
    return { outcome, error, attributes }
  }
}
