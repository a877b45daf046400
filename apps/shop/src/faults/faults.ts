import type { Random } from '../random.ts'

/** A fault that can be switched on. */
export interface Fault {
  /** `errors`: answer 500. `slow`: wait before the work. */
  readonly kind: 'errors' | 'slow'
  /** Share of the requests it applies to, 0 to 1. */
  readonly share: number
  /** How long a slow request waits. Milliseconds. */
  readonly delayMs?: number
  /** Applies to this route only: `/products/:id` or `GET /products/:id`. */
  readonly route?: string
}

/** What happens to one request. */
export interface FaultDecision {
  readonly delayMs: number
  readonly fail: boolean
}

/** Delay of a slow request that names none. Milliseconds. */
export const defaultDelayMs = 1_000

/** The faults of one service: at most one of each kind; a new one replaces the one of its kind. */
export class Faults {
  readonly #faults = new Map<Fault['kind'], Fault>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  get active(): readonly Fault[] {
    return [...this.#faults.values()]
  }

  switchOn(fault: Fault): void {
    this.#faults.set(fault.kind, fault)
  }

  switchOff(): void {
    this.#faults.clear()
  }

  /** Decides about one request. @param template - of its route. */
  decide(method: string, template: string): FaultDecision {
    const hit = (kind: Fault['kind']): Fault | undefined => {
      const fault = this.#faults.get(kind)
      if (fault === undefined || (fault.route !== undefined && fault.route !== template && fault.route !== `${method} ${template}`)) return undefined
      return this.#random() < fault.share ? fault : undefined
    }
    const slow = hit('slow')
    return { delayMs: slow === undefined ? 0 : (slow.delayMs ?? defaultDelayMs), fail: hit('errors') !== undefined }
  }
}
