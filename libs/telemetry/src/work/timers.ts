import type { Attributes } from '@opentelemetry/api'
import type { ErrorCategory } from './error-facts.ts'

interface Timer {
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
      timer = { count: 0, totalMs: 0, maxMs: 0, failed: undefined }
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
    for (const [name, { count, totalMs, maxMs, failed }] of this.#timers) {
      attributes[`work.timer.${name}.count`] = count
      attributes[`work.timer.${name}.total_ms`] = toMicrosecond(totalMs)
      attributes[`work.timer.${name}.max_ms`] = toMicrosecond(maxMs)
      if (failed === undefined) continue
      for (const [category, failures] of failed) attributes[`work.timer.${name}.failed.${category}`] = failures
    }
  }
}

/** Milliseconds with three decimals: a clock's digits below a microsecond are noise that costs bytes. */
export function toMicrosecond(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
