/**
 * How many segments may be sent at once: one more for each full round of successes, half as many when ClickHouse is overloaded
 * (additive increase, multiplicative decrease: Chiu and Jain, 1989).
 */
export class ConcurrencyLimit {
  readonly #max: number
  #limit: number

  /** @param max - where it begins, and what it never exceeds. */
  constructor(max: number) {
    this.#max = max
    this.#limit = max
  }

  get current(): number {
    return Math.floor(this.#limit)
  }

  succeeded(): void {
    this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit)
  }

  overloaded(): void {
    this.#limit = Math.max(1, this.#limit / 2)
  }
}
