import type { Outcome } from '../work/outcome.ts'
import { FloodControl, type FloodOptions } from './flood-control.ts'
import { Sampling, type SamplingOptions } from './sampling.ts'

/** Which events leave the process. */
export interface EventPolicyOptions {
  /** @default samplingDefaults */
  readonly sampling?: SamplingOptions
  /** Limits on failures that come in floods; `false` for none. @default floodDefaults */
  readonly floods?: FloodOptions | false
}

/** What is known about a unit of work when it has ended. */
export interface EndedWork {
  readonly name: string
  readonly outcome: Outcome
  readonly durationMs: number
  readonly errorType: string | undefined
  readonly traceId: string | undefined
}

/** What becomes of an event. */
export interface EventDecision {
  /** Units of work that the event stands for; 0 when there is none. */
  readonly weight: number
  /** Of these, those that were held back before because too many like it came at once. */
  readonly suppressed: number
}

const KEEP: EventDecision = { weight: 1, suppressed: 0 }
const LEAVE: EventDecision = { weight: 0, suppressed: 0 }

/** Decides about each event: sampling first, then the limit on floods of failures. */
export class EventPolicy {
  readonly sampling: Sampling
  readonly #floods: FloodControl | undefined

  constructor(options: EventPolicyOptions = {}) {
    this.sampling = new Sampling(options.sampling)
    this.#floods = options.floods === false ? undefined : new FloodControl(options.floods)
  }

  /** Events held back by the limit on floods since the start. */
  get suppressedTotal(): number {
    return this.#floods?.suppressedTotal ?? 0
  }

  decide(work: EndedWork): EventDecision {
    const weight = this.sampling.weight(work.outcome, work.durationMs, work.traceId)
    if (weight === 0) return LEAVE
    if (work.errorType === undefined || this.#floods === undefined) return weight === 1 ? KEEP : { weight, suppressed: 0 }
    const suppressed = this.#floods.pass(`${work.name} ${work.outcome} ${work.errorType}`, weight)
    return suppressed === undefined ? LEAVE : { weight: weight + suppressed, suppressed }
  }
}

let active = new EventPolicy()

/** The policy that holds now. */
export function eventPolicy(): EventPolicy {
  return active
}

/**
 * Sets which events leave the process. `startTelemetry` does it from its options; a service with its own OpenTelemetry set-up may call it.
 *
 * @returns how to go back to the default.
 */
export function configureEvents(options: EventPolicyOptions): () => void {
  return activate(new EventPolicy(options))
}

/** The same with a policy that is made already. */
export function activate(policy: EventPolicy): () => void {
  active = policy
  return () => {
    if (active === policy) active = new EventPolicy()
  }
}
