import { tracingChannel } from 'node:diagnostics_channel'
import { currentWork } from './work/current-work.ts'
import { errorCategory } from './work/error-facts.ts'
import type { Work } from './work/work.ts'

/** Options of {@link observeRedis}. */
export interface RedisOptions {
  /** Name of the timer of a command. @default 'redis' */
  readonly timer?: string | ((command: string) => string)
  /** A clock that never goes back. Milliseconds. @default performance.now */
  readonly now?: () => number
}

interface Call {
  readonly work: Work
  readonly timer: string
  readonly startedAt: number
}

/**
 * Adds the time of every Redis command of ioredis 6, from the call to the reply, to a timer of the unit of work that gave it. Neither keys
 * nor values are looked at. Uses the tracing channel that ioredis publishes on, so the clients need not be known.
 *
 * @returns how to stop it.
 */
export function observeRedis({ timer = 'redis', now = () => performance.now() }: RedisOptions = {}): () => void {
  const calls = new WeakMap<object, Call>()
  const finish = (message: object, error?: unknown): void => {
    const call = calls.get(message)
    if (call === undefined) return
    calls.delete(message)
    call.work.recordTime(call.timer, now() - call.startedAt, error === undefined ? undefined : errorCategory(error))
  }
  const channel = tracingChannel<string, object>('ioredis:command')
  const subscribers = {
    start(message: object): void {
      const work = currentWork()
      if (!work.recording) return
      const name = typeof timer === 'string' ? timer : timer(String((message as { command?: unknown }).command))
      calls.set(message, { work, timer: name, startedAt: now() })
    },
    end(): void {},
    asyncStart: (message: object): void => finish(message),
    asyncEnd(): void {},
    error: (message: object): void => finish(message, (message as { error?: unknown }).error),
  }
  channel.subscribe(subscribers)
  return () => channel.unsubscribe(subscribers)
}
