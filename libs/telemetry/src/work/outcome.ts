import { SeverityNumber } from '@opentelemetry/api'

/** How a unit of work ended. */
export type Outcome =
  /** As wanted. */
  | 'ok'
  /** Answered, but not as wanted: stale data, a part left out. */
  | 'degraded'
  /** Refused because of what the caller sent. */
  | 'rejected'
  /** The caller went away before the answer. */
  | 'aborted'
  /** Failed. */
  | 'error'

/** Severity of the event of each outcome. */
export const severityOf: Readonly<Record<Outcome, { readonly number: SeverityNumber; readonly text: string }>> = {
  ok: { number: SeverityNumber.INFO, text: 'INFO' },
  rejected: { number: SeverityNumber.INFO, text: 'INFO' },
  degraded: { number: SeverityNumber.WARN, text: 'WARN' },
  aborted: { number: SeverityNumber.WARN, text: 'WARN' },
  error: { number: SeverityNumber.ERROR, text: 'ERROR' },
}
