import { type ErrorCategory, errorCategory, type ErrorFacts, errorFacts } from './error-facts.ts'
import type { Outcome } from './outcome.ts'
import type { ClosedWork } from './recorded-work.ts'
import { timed } from './timed.ts'
import type { FieldValue, Work } from './work.ts'

/**
 * A unit of work inside another that has no event of its own. Its time is a timer of the parent's, under its name; its fields, counters and
 * timers are the parent's, under `<name>.`. Works of one name add up: counters and timers are sums, a field has the last value.
 */
export class FoldedWork implements Work {
  readonly name: string
  readonly startedAtMs: number
  readonly #parent: Work
  readonly #now: () => number
  #outcome: Outcome | undefined
  #error: ErrorFacts | undefined
  #ended = false

  constructor(name: string, parent: Work, now: () => number) {
    this.name = name
    this.#parent = parent
    this.#now = now
    this.startedAtMs = now()
  }

  get recording(): boolean {
    return !this.#ended && this.#parent.recording
  }

  set(name: string, value: FieldValue): void {
    if (!this.#ended) this.#parent.set(`${this.name}.${name}`, value)
  }

  add(name: string, amount = 1): void {
    if (!this.#ended) this.#parent.add(`${this.name}.${name}`, amount)
  }

  time<T>(name: string, fn: () => T): T {
    return timed(this.#now, fn, (durationMs, error) => this.recordTime(name, durationMs, error === undefined ? undefined : errorCategory(error.thrown)))
  }

  recordTime(name: string, durationMs: number, failure?: ErrorCategory): void {
    if (!this.#ended) this.#parent.recordTime(`${this.name}.${name}`, durationMs, failure)
  }

  outcome(outcome: Outcome): void {
    if (!this.#ended) this.#outcome = outcome
  }

  fail(error: unknown, category?: ErrorCategory): void {
    if (!this.#ended) this.#error = errorFacts(error, category)
  }

  /** Ends it, once: its time and outcome go to the parent. Later calls return `undefined`. */
  close(): ClosedWork | undefined {
    if (this.#ended) return undefined
    this.#ended = true
    const durationMs = this.#now() - this.startedAtMs
    const outcome = this.#outcome ?? (this.#error === undefined ? 'ok' : 'error')
    this.#parent.recordTime(this.name, durationMs, this.#error?.category)
    if (outcome !== 'ok' && outcome !== 'error') this.#parent.add(`${this.name}.${outcome}`)
    return { outcome, error: this.#error, durationMs }
  }
}
