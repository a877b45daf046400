import { checkField } from './field-check.ts'
import type { FieldDefinition, FieldDefinitions } from './field-definition.ts'
import type { UnitOfWorkOptions } from './options.ts'
import { redacted } from './redaction.ts'
import { unitOfWork } from './unit-of-work.ts'
import type { FieldValue, Work } from './work.ts'

type ValueOf<D extends FieldDefinition> = {
  readonly string: string
  readonly number: number
  readonly boolean: boolean
  readonly 'string[]': readonly string[]
  readonly 'number[]': readonly number[]
  readonly 'boolean[]': readonly boolean[]
}[D['type']]

type NumberNames<F extends FieldDefinitions> = { [K in keyof F]: F[K]['type'] extends 'number' ? K : never }[keyof F] & string

/** A unit of work that takes the declared fields alone. */
export interface TypedWork<F extends FieldDefinitions> extends Omit<Work, 'set' | 'add'> {
  set<K extends keyof F & string>(name: K, value: ValueOf<F[K]> | undefined | null): void
  add(name: NumberNames<F>, amount?: number): void
}

/** Options of {@link defineWork}. */
export interface WorkDefinition<F extends FieldDefinitions> extends Pick<UnitOfWorkOptions, 'span' | 'kind' | 'limits' | 'redactNames' | 'fold'> {
  readonly name: string
  readonly fields: F
  /**
   * Called with a sentence when a value does not fit its declaration, which types alone cannot prevent: a value from outside, or a text where
   * `low` cardinality was promised. Give it in development, e.g. `console.error`; leave it out in production, where nothing is checked.
   */
  readonly onViolation?: (message: string) => void
}

/** A kind of work with declared fields. */
export interface DefinedWork<F extends FieldDefinitions> {
  readonly name: string
  readonly fields: F
  /** Runs a function as such a unit of work. */
  run<T>(fn: (work: TypedWork<F>) => T): T
}

/** Declares what the event of a kind of work says. The compiler then refuses names and types that were not declared. */
export function defineWork<const F extends FieldDefinitions>(definition: WorkDefinition<F>): DefinedWork<F> {
  const { name, fields, onViolation, ...options } = definition
  const personal = Object.keys(fields).filter((field) => fields[field]?.pii === 'personal')
  const seen = new Map<string, Set<string>>()
  const checked = (field: string, value: FieldValue): void => {
    const problem = onViolation === undefined ? undefined : checkField(fields, field, value, seen)
    if (problem !== undefined) onViolation?.(`${name}: ${problem}`)
  }
  const typed = (work: Work): TypedWork<F> => ({
    name: work.name,
    get recording() {
      return work.recording
    },
    set(field, value) {
      checked(field, value)
      work.set(field, value !== undefined && value !== null && personal.includes(field) ? redacted : value)
    },
    add(field, amount = 1) {
      checked(field, amount)
      work.add(field, amount)
    },
    time: (timer, fn) => work.time(timer, fn),
    recordTime: (timer, durationMs, failure) => work.recordTime(timer, durationMs, failure),
    outcome: (outcome) => work.outcome(outcome),
    fail: (error, category) => work.fail(error, category),
  })
  return { name, fields, run: (fn) => unitOfWork(name, options, (work) => fn(typed(work))) }
}
