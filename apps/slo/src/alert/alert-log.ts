import type { AlertNotice } from './alert.ts'

/** Where transitions are recorded, so that a restart neither repeats nor forgets an alert. */
export interface AlertLog {
  /** Records a transition that was delivered. */
  append(notice: AlertNotice, signal: AbortSignal): Promise<void>
  /** The last transition of every objective and severity. */
  latest(signal: AbortSignal): Promise<readonly AlertNotice[]>
}
