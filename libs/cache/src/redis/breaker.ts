import type { Clock, Timer } from '../clock.ts'

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  /** Nothing passes; a probe runs in background from time to time, so that no caller pays for it. */
  | { readonly kind: 'open'; readonly timer: Timer }
  | { readonly kind: 'stopped' }

/** What a {@link Breaker} needs. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failuresToOpen: number
  /** Time between probes while open, give or take a fifth. */
  readonly probeIntervalMs: number
  /** Resolves when Redis answers, rejects when it does not. */
  readonly probe: () => Promise<unknown>
  /** Called on each change, not on each call. */
  readonly onChange: (open: boolean) => void
  readonly clock: Clock
  readonly random: () => number
}

/** Keeps a Redis that hangs from costing each call its timeout. */
export class Breaker {
  readonly #options: BreakerOptions
  #state: State = { kind: 'closed', failures: 0 }

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  /** True when calls may pass. */
  get closed(): boolean {
    return this.#state.kind === 'closed'
  }

  succeeded(): void {
    if (this.#state.kind === 'closed' && this.#state.failures > 0) this.#state = { kind: 'closed', failures: 0 }
  }

  failed(): void {
    if (this.#state.kind !== 'closed') return
    const failures = this.#state.failures + 1
    if (failures < this.#options.failuresToOpen) {
      this.#state = { kind: 'closed', failures }
      return
    }
    this.#state = { kind: 'open', timer: this.#nextProbe() }
    this.#options.onChange(true)
  }

  stop(): void {
    if (this.#state.kind === 'open') this.#state.timer.cancel()
    this.#state = { kind: 'stopped' }
  }

  #nextProbe(): Timer {
    const { clock, random, probeIntervalMs } = this.#options
    return clock.setTimer(() => void this.#probe(), probeIntervalMs * (0.8 + 0.4 * random()))
  }

  async #probe(): Promise<void> {
    const answered = await this.#options.probe().then(
      () => true,
      () => false,
    )
    if (this.#state.kind !== 'open') return
    if (answered) {
      this.#state = { kind: 'closed', failures: 0 }
      this.#options.onChange(false)
    } else {
      this.#state = { kind: 'open', timer: this.#nextProbe() }
    }
  }
}
