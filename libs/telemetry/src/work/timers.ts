import type { Attributes } from '@opentelemetry/api'

interface Timer {
  count: number
  totalMs: number
  maxMs: number
}

/** Named timers of one unit of work: how often, how long in all, how long at most. */
export class Timers {
  readonly #timers = new Map<string, Timer>()
  readonly #max: number

  /** @param max - most names. */
  constructor(max: number) {
    this.#max = max
  }

  /** Adds one time; `false` when it was left out because there are too many names. Milliseconds. */
  record(name: string, durationMs: number): boolean {
    const timer = this.#timers.get(name)
    if (timer === undefined) {
      if (this.#timers.size >= this.#max) return false
      this.#timers.set(name, { count: 1, totalMs: durationMs, maxMs: durationMs })
      return true
    }
    timer.count++
    timer.totalMs += durationMs
    timer.maxMs = Math.max(timer.maxMs, durationMs)
    return true
  }

  /** Writes `work.timer.<name>.count`, `.total_ms` and `.max_ms`. */
  writeTo(attributes: Attributes): void {
    for (const [name, { count, totalMs, maxMs }] of this.#timers) {
      attributes[`work.timer.${name}.count`] = count
      attributes[`work.timer.${name}.total_ms`] = toMicrosecond(totalMs)
      attributes[`work.timer.${name}.max_ms`] = toMicrosecond(maxMs)
    }
  }
}

/** Milliseconds with three decimals: a clock's digits below a microsecond are noise that costs bytes. */
export function toMicrosecond(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
