import type { AlertNotice } from './alert.ts'

/** The history of alerts, beyond what the store holds: written once for each transition, read when the store knows nothing. */
export interface AlertLog {
  /** Records a transition. Repeating it changes nothing. */
  append(notice: AlertNotice, signal: AbortSignal): Promise<void>
  /** The last transition of every alert. */
  latest(signal: AbortSignal): Promise<readonly AlertNotice[]>
}
