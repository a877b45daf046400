import { openWorks } from './open-works.ts'

/** Default time between two heartbeats. Milliseconds. */
export const heartbeatDefaultMs = 60_000
/** Most heartbeat events at one time, the longest-running work first. */
const MAX_BEATS = 1_000

/**
 * Emits an event named `work.heartbeat` for each unit of work that has run for at least one interval. Called once an interval.
 *
 * @param nowMs - of the clock that the works use.
 * @returns how many.
 */
export function beat(intervalMs: number, nowMs: number): number {
  let beats = 0
  for (const work of openWorks.values()) {
    // The oldest come first.
    if (beats === MAX_BEATS || nowMs - work.startedAtMs < intervalMs) break
    work.heartbeat()
    beats++
  }
  return beats
}

/**
 * Lets long-running work say that it still runs. `startTelemetry` does it; a service with its own OpenTelemetry set-up may call it.
 *
 * @returns how to stop it.
 */
export function startHeartbeats(intervalMs: number = heartbeatDefaultMs): () => void {
  const timer = setInterval(() => beat(intervalMs, performance.now()), intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}
