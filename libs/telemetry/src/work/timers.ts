import type { Attributes } from '@opentelemetry/api'
import type { ErrorCategory } from './error-facts.ts'

/** Names of the attributes of one timer. */
interface TimerNames {
  readonly count: string
  readonly totalMs: string
  readonly maxMs: string
}

/** Made once for a name: a text put together anew for each event would have to be looked up as a property's name each time. Bounded, because a caller may make names up. */
const knownNames = new Map<string, TimerNames>()
const MAX_KNOWN_NAMES = 1_000

interface Timer {
  readonly names: TimerNames
  count: number
  totalMs: number
  maxMs: number
  /** How many failed, by the category of the error; absent while none has. */
  failed: Map<ErrorCategory, number> | undefined
}

/** Named timers of one unit of work: how often, how long in all, how long at most, and how many failed. */
export class Timers {
  readonly #timers = new Map<string, Timer>()
  readonly #max: number

  /** @param max - most names. */
  constructor(max: number) {
    this.#max = max
  }

  /** Adds one time; `false` when it was left out because there are too many names. Milliseconds. */
  record(name: string, durationMs: number, failure?: ErrorCategory): boolean {
    let timer = this.#timers.get(name)
    if (timer === undefined) {
      if (this.#timers.size >= this.#max) return false
      timer = { names: namesOf(name), count: 0, totalMs: 0, maxMs: 0, failed: undefined }
      this.#timers.set(name, timer)
    }
    timer.count++
    timer.totalMs += durationMs
    if (durationMs > timer.maxMs) timer.maxMs = durationMs
    if (failure !== undefined) {
      timer.failed ??= new Map()
      timer.failed.set(failure, (timer.failed.get(failure) ?? 0) + 1)
    }
    return true
  }

  /** Writes `work.timer.<name>.count`, `.total_ms`, `.max_ms`, and `.failed.<category>` for what failed. */
  writeTo(attributes: Attributes): void {
    for (const [name, { names, count, totalMs, maxMs, failed }] of this.#timers) {
      attributes[names.count] = count
      attributes[names.totalMs] = toMicrosecond(totalMs)
      attributes[names.maxMs] = toMicrosecond(maxMs)
      if (failed === undefined) continue
      for (const [category, failures] of failed) attributes[`work.timer.${name}.failed.${category}`] = failures
    }
  }
}

function namesOf(timer: string): TimerNames {
  const known = knownNames.get(timer)
  if (known !== undefined) return known
  const names = { count: `work.timer.${timer}.count`, totalMs: `work.timer.${timer}.total_ms`, maxMs: `work.timer.${timer}.max_ms` }
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(timer, names)
  return names
}

/** Milliseconds with three decimals: a clock's digits below a microsecond are noise that costs bytes. */
export function toMicrosecond(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
