import type { Outcome } from '../work/outcome.ts'

/** Which events and spans are kept. */
export interface SamplingOptions {
  /** Of so many ordinary units of work one is kept; its event says so in `SampleRate`. @default 1, all are kept */
  readonly oneIn?: number
  /** From this duration on a unit of work is always kept. Milliseconds. @default 1000 */
  readonly slowMs?: number
}

/** Defaults of {@link SamplingOptions}. */
export const samplingDefaults = {
  /** units of work */
  oneIn: 1,
  /** milliseconds */
  slowMs: 1_000,
} as const satisfies Required<SamplingOptions>

/** Outcomes that are always kept: somebody may have been hurt. What a client did wrong is ordinary. */
const KEPT: ReadonlySet<Outcome> = new Set<Outcome>(['error', 'degraded', 'aborted'])
/** Hexadecimal digits of the trace id that count as random, by W3C Trace Context level 2: the last 56 bits. */
const RANDOM_DIGITS = 14
const RANDOM_RANGE = 2 ** 56

/**
 * Keeps failures and slow work, and one of N of the rest. The rest is chosen by the trace id, so every service keeps the same traces.
 * The rule is OpenTelemetry's consistent probability sampling (OTEP 235): keep when the randomness of the trace id reaches a threshold.
 */
export class Sampling {
  readonly #oneIn: number
  readonly #slowMs: number
  readonly #threshold: number
  readonly #random: () => number

  /** @param random - 0 to 1, for work that has no trace id. */
  constructor(options: SamplingOptions = {}, random: () => number = Math.random) {
    this.#oneIn = options.oneIn ?? samplingDefaults.oneIn
    this.#slowMs = options.slowMs ?? samplingDefaults.slowMs
    this.#threshold = (1 - 1 / this.#oneIn) * RANDOM_RANGE
    this.#random = random
  }

  /** Whether everything is kept. */
  get all(): boolean {
    return this.#oneIn === 1
  }

  /** How many units of work the event of this one stands for; 0 when it is not kept. */
  weight(outcome: Outcome, durationMs: number, traceId: string | undefined): number {
    if (this.#oneIn === 1 || KEPT.has(outcome) || durationMs >= this.#slowMs) return 1
    return this.#chosen(traceId) ? this.#oneIn : 0
  }

  /** The same for a span of which no unit of work decided. */
  spanWeight(failed: boolean, durationMs: number, traceId: string): number {
    return this.weight(failed ? 'error' : 'ok', durationMs, traceId)
  }

  #chosen(traceId: string | undefined): boolean {
    const randomness = traceId === undefined ? this.#random() * RANDOM_RANGE : Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16)
    return randomness >= this.#threshold
  }
}
