import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { currentWork } from '../work/current-work.ts'
import { type ErrorCategory, errorCategory } from '../work/error-facts.ts'
import type { Work } from '../work/work.ts'

interface Call {
  readonly work: Work
  readonly timer: string
  readonly startedAt: number
  failure: ErrorCategory | undefined
}

/**
 * Adds the time of every outgoing `fetch`, from its start to the last byte of the answer, to a timer of the unit of work that made it.
 * A call that failed, or was answered with a status of 500 or more, counts as a failure of its category.
 * Uses what Node's fetch publishes on `undici:request:*`; needs no SDK and makes no spans.
 *
 * @param names - name of the timer by origin; else it is the host.
 * @param now - a clock that never goes back, milliseconds.
 * @returns how to stop it.
 */
export function observeDependencies(names: Readonly<Record<string, string>> = {}, now: () => number = () => performance.now()): () => void {
  const calls = new WeakMap<object, Call>()
  const create = (message: unknown): void => {
    const work = currentWork()
    const request = requestOf(message)
    if (!work.recording || request === undefined) return
    const { origin } = new URL(String((request as { origin?: unknown }).origin))
    calls.set(request, { work, timer: names[origin] ?? new URL(origin).host, startedAt: now(), failure: undefined })
  }
  const answer = (message: unknown): void => {
    const call = callOf(message)
    const status = (message as { response?: { statusCode?: unknown } }).response?.statusCode
    if (call !== undefined && typeof status === 'number' && status >= 500) call.failure = status === 504 ? 'timeout' : 'dependency'
  }
  const finish = (message: unknown): void => {
    const call = callOf(message)
    if (call === undefined) return
    calls.delete(requestOf(message)!)
    call.work.recordTime(call.timer, now() - call.startedAt, call.failure)
  }
  const fail = (message: unknown): void => {
    const call = callOf(message)
    if (call !== undefined) call.failure = errorCategory((message as { error?: unknown }).error)
    finish(message)
  }
  const callOf = (message: unknown): Call | undefined => {
    const request = requestOf(message)
    return request === undefined ? undefined : calls.get(request)
  }
  const channels = { 'undici:request:create': create, 'undici:request:headers': answer, 'undici:request:trailers': finish, 'undici:request:error': fail }
  for (const [channel, listener] of Object.entries(channels)) subscribe(channel, listener)
  return () => {
    for (const [channel, listener] of Object.entries(channels)) unsubscribe(channel, listener)
  }
}

function requestOf(message: unknown): object | undefined {
  const request = typeof message === 'object' && message !== null && 'request' in message ? message.request : undefined
  return typeof request === 'object' && request !== null ? request : undefined
}
