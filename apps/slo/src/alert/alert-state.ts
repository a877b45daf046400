import type { Alert, AlertNotice } from './alert.ts'

/** Where the alert of one key is. `notice` is what was last said of it. */
export type AlertState =
  | {
      readonly kind: 'firing'
      readonly alert: Alert
      readonly firing: AlertNotice
      /** When its condition was last seen to hold, milliseconds since the epoch. */
      readonly heldAtMs: number
      /** Escalation steps that were taken. */
      readonly escalated: number
      /** Read from the history, which does not say who was told: everybody on the route counts as told. */
      readonly restored?: true
    }
  | { readonly kind: 'resolved'; readonly alert: Alert; readonly resolved: AlertNotice }

/** What the step of an alert needs to know. */
export interface StepContext {
  readonly nowMs: number
  /** An alert whose condition ended stays for this long, so that errors that pulse are one alert. Milliseconds. */
  readonly keepFiringForMs: number
  /** Makes the notice of a beginning, given the id of the alert before it. */
  readonly begin: (lastAlertId: string | undefined) => AlertNotice
  /** Makes the notice of an end. */
  readonly end: (firing: AlertNotice) => AlertNotice
}

/** The next state of an alert, `undefined` while it has never fired. The same object when nothing changed. */
export function stepAlert(state: AlertState | undefined, holds: boolean, { nowMs, keepFiringForMs, begin, end }: StepContext): AlertState | undefined {
  if (state?.kind !== 'firing') {
    if (!holds) return state
    const firing = begin(state?.alert.id)
    return { kind: 'firing', alert: firing.alert, firing, heldAtMs: nowMs, escalated: 0 }
  }
  // While it holds, only the time moves; it is not worth a write unless it matters later.
  if (holds) return keepFiringForMs === 0 ? state : { ...state, heldAtMs: nowMs }
  if (nowMs - state.heldAtMs < keepFiringForMs) return state
  return { kind: 'resolved', alert: state.alert, resolved: end(state.firing) }
}

/** The state that a recorded transition says. */
export function restoredState(last: AlertNotice): AlertState {
  return last.state === 'firing'
    ? { kind: 'firing', alert: last.alert, firing: last, heldAtMs: last.atMs, escalated: 0, restored: true }
    : { kind: 'resolved', alert: last.alert, resolved: last }
}
