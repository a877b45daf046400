import type { Attributes } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE, ATTR_EXCEPTION_MESSAGE } from '@opentelemetry/semantic-conventions'
import { type ErrorCategory, errorCategory, type ErrorFacts, errorFacts } from './error-facts.ts'
import { Fields } from './fields.ts'
import type { EventLimits } from './limits.ts'
import type { Outcome } from './outcome.ts'
import { timed } from './timed.ts'
import { Timers, toMicrosecond } from './timers.ts'
import type { FieldValue, Work } from './work.ts'

/** What a {@link RecordedWork} is made with. */
export interface RecordedWorkOptions {
  readonly limits: Required<EventLimits>
  readonly redactNames: RegExp | undefined
  /** A clock that never goes back. Milliseconds. */
  readonly now: () => number
}

/** How a unit of work ended. */
export interface ClosedWork {
  readonly outcome: Outcome
  readonly error: ErrorFacts | undefined
  readonly durationMs: number
}

/** A unit of work of which an event will come. */
export class RecordedWork implements Work {
  readonly name: string
  readonly startedAtMs: number
  readonly #fields: Fields
  readonly #timers: Timers
  readonly #now: () => number
  #outcome: Outcome | undefined
  #error: ErrorFacts | undefined
  #ended = false

  constructor(name: string, { limits, redactNames, now }: RecordedWorkOptions) {
    this.name = name
    this.#fields = new Fields(limits, redactNames)
    this.#timers = new Timers(limits.maxTimers)
    this.#now = now
    this.startedAtMs = now()
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
    return timed(this.#now, fn, (durationMs, error) => this.recordTime(name, durationMs, error === undefined ? undefined : errorCategory(error.thrown)))
  }

  recordTime(name: string, durationMs: number, failure?: ErrorCategory): void {
    if (!this.#ended && !this.#timers.record(name, durationMs, failure)) this.#fields.dropped++
  }

  outcome(outcome: Outcome): void {
    if (!this.#ended) this.#outcome = outcome
  }

  fail(error: unknown, category?: ErrorCategory): void {
    if (this.#ended) return
    const facts = errorFacts(error, category)
    this.#error = { ...facts, message: this.#fields.safeText(facts.message) }
  }

  /** Ends it, once. Later calls return `undefined`. */
  close(): ClosedWork | undefined {
    if (this.#ended) return undefined
    this.#ended = true
    return { outcome: this.#outcome ?? (this.#error === undefined ? 'ok' : 'error'), error: this.#error, durationMs: toMicrosecond(this.#now() - this.startedAtMs) }
  }

  /** What the event says: of a closed work, or of one that still runs. */
  attributes(closed?: ClosedWork): Attributes {
    const attributes: Attributes = { 'work.duration_ms': closed?.durationMs ?? toMicrosecond(this.#now() - this.startedAtMs) }
    if (closed !== undefined) attributes['work.outcome'] = closed.outcome
    this.#timers.writeTo(attributes)
    this.#fields.writeTo(attributes)
    const error = this.#error
    if (error !== undefined) {
      attributes[ATTR_ERROR_TYPE] = error.type
      attributes[ATTR_EXCEPTION_MESSAGE] = error.message
      attributes['work.error.category'] = error.category
    }
    return attributes
  }
}
