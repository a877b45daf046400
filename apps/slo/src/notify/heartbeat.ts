import type { Logger } from '@ballast/service'
import { post } from './post.ts'

export interface HeartbeatOptions {
  /** Of a service that calls somebody when this stops coming. */
  readonly url: string
  /** Least time between two, milliseconds. */
  readonly everyMs: number
  readonly timeoutMs: number
  readonly allowPrivate: boolean
  readonly log: Logger
  readonly onAttempt?: (target: string, outcome: 'delivered' | 'failed') => void
}

/** The dead man's switch: a request after each measurement that went well, by whoever leads. What cannot measure stays silent, and is missed. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async beat(nowMs: number, signal: AbortSignal): Promise<void> {
    const { url, everyMs, timeoutMs, allowPrivate, log, onAttempt } = this.#options
    if (nowMs - this.#lastMs < everyMs) return
    this.#lastMs = nowMs
    try {
      await post({ url, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ service: 'ballast-slo', measuredAt: new Date(nowMs).toISOString() }), signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]), allowPrivate })
      onAttempt?.('heartbeat', 'delivered')
    } catch (error) {
      if (signal.aborted) return
      onAttempt?.('heartbeat', 'failed')
      this.#lastMs = Number.NEGATIVE_INFINITY
      log.warn({ reason: (error as Error).message }, 'the heartbeat was not taken; it is sent again after the next measurement')
    }
  }
}
