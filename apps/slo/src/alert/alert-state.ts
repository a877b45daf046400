import type { Alert, AlertNotice } from './alert.ts'

/**
 * Where the alert of one objective and severity is. A notice is `announced` once it is delivered and recorded; until then
 * it is due, and sent again.
 */
export type AlertState =
  | { readonly kind: 'quiet'; readonly lastAlertId: string | undefined }
  | { readonly kind: 'firing'; readonly alert: Alert; readonly firing: AlertNotice; readonly announced: boolean }
  | { readonly kind: 'resolving'; readonly alert: Alert; readonly firing: AlertNotice; readonly announced: boolean; readonly resolved: AlertNotice }

/** An objective and severity that never alerted. */
export const quiet: AlertState = { kind: 'quiet', lastAlertId: undefined }

/** Quiet to firing. Firing stays firing; resolving first finishes, so that its end and a new beginning are never mixed up. */
export function fire(state: AlertState, notice: () => AlertNotice): AlertState {
  if (state.kind !== 'quiet') return state
  const firing = notice()
  return { kind: 'firing', alert: firing.alert, firing, announced: false }
}

/** Firing to resolving; anything else stays what it is. */
export function resolve(state: AlertState, notice: (firing: AlertNotice) => AlertNotice): AlertState {
  if (state.kind !== 'firing') return state
  return { ...state, kind: 'resolving', resolved: notice(state.firing) }
}

/** The notice that is to be sent next. An alert that ended before it was announced is still announced, then resolved. */
export function dueNotice(state: AlertState): AlertNotice | undefined {
  switch (state.kind) {
    case 'quiet':
      return undefined
    case 'firing':
      return state.announced ? undefined : state.firing
    case 'resolving':
      return state.announced ? state.resolved : state.firing
  }
}

/** The state after a notice was delivered and recorded. */
export function announced(state: AlertState, notice: AlertNotice): AlertState {
  if (state.kind === 'quiet' || state.alert.id !== notice.alert.id) return state
  if (notice.state === 'firing') return { ...state, announced: true }
  return { kind: 'quiet', lastAlertId: state.alert.id }
}

/** The state that recorded transitions say: the last one decides. */
export function restored(last: AlertNotice): AlertState {
  return last.state === 'firing'
    ? { kind: 'firing', alert: last.alert, firing: last, announced: true }
    : { kind: 'quiet', lastAlertId: last.alert.id }
}
