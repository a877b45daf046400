import { SeverityNumber } from '@opentelemetry/api'
import { eventLogger } from '../scope.ts'

/** Name of the event that says what could not be sent. */
export const lossEventName = 'telemetry.loss'

/** What never left the process, since its start. */
export interface Losses {
  /** Events that were dropped because a queue was full or an export failed for good. */
  readonly events: number
  readonly spans: number
  /** Events of failures that were held back because too many alike came at once. */
  readonly suppressed: number
}

/** Says in an event what was lost, once the receiver can be reached again. The counts are totals, so a report that is lost itself does no harm. */
export class LossReport {
  readonly #losses: () => Losses
  #reported = 0

  constructor(losses: () => Losses) {
    this.#losses = losses
  }

  /** Emits the event when there is something new to say. */
  send(): void {
    const { events, spans, suppressed } = this.#losses()
    const total = events + spans + suppressed
    if (total === this.#reported) return
    this.#reported = total
    eventLogger().emit({
      eventName: lossEventName,
      severityNumber: SeverityNumber.WARN,
      severityText: 'WARN',
      body: `${events} events and ${spans} spans dropped, ${suppressed} events suppressed since the start`,
      attributes: { 'telemetry.dropped_events': events, 'telemetry.dropped_spans': spans, 'telemetry.suppressed_events': suppressed },
    })
  }
}
