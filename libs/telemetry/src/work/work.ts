import type { ErrorCategory } from './error-facts.ts'
import type { Outcome } from './outcome.ts'

/** A value an event can carry. `undefined` and `null` leave the field out. */
export type FieldValue = string | number | boolean | readonly string[] | readonly number[] | readonly boolean[] | undefined | null

/** The unit of work that runs now, to which its code adds what it knows. No method throws; after the end each does nothing. */
export interface Work {
  /** Name of the event. */
  readonly name: string
  /** Whether an event will come of it; to avoid work on values that nobody sees. */
  readonly recording: boolean
  /** Sets a field; the last value counts. Names that start with `work.` are reserved. */
  set(name: string, value: FieldValue): void
  /** Adds to a counter. @param amount - 1 by default. */
  add(name: string, amount?: number): void
  /** Runs a function and adds its time to a timer, also when it throws, and then counts the failure; a promise is timed until it settles. */
  time<T>(name: string, fn: () => T): T
  /** Adds a time that was measured elsewhere. Milliseconds. @param failure - what kind of failure it was; by default none. */
  recordTime(name: string, durationMs: number, failure?: ErrorCategory): void
  /** Says how the work ends; without it, `ok`, or `error` when it throws. */
  outcome(outcome: Outcome): void
  /** Describes an error that was caught; the outcome becomes `error` unless one was set. */
  fail(error: unknown, category?: ErrorCategory): void
}

/** What `currentWork()` is outside a unit of work, and inside one when nothing listens. */
export const inertWork: Work = {
  name: '',
  recording: false,
  set() {},
  add() {},
  time: (_name, fn) => fn(),
  recordTime() {},
  outcome() {},
  fail() {},
}
