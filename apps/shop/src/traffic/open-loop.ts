import type { ShopRequest } from './request-mix.ts'
import type { Answer, TrafficStats } from './traffic-stats.ts'

/** How traffic is sent. */
export interface OpenLoopOptions {
  /** Requests a second. */
  readonly rate: number
  /** Stop after so many; 0 is endless. */
  readonly requests: number
  /** Most requests under way; when so many are, a request is skipped and counted, never queued. */
  readonly maxConcurrency: number
  readonly next: () => ShopRequest
  readonly send: (request: ShopRequest) => Promise<Answer>
  readonly stats: TrafficStats
  /** A clock that never goes back. Milliseconds. */
  readonly now: () => number
}

/** After a pause of the process (a suspended laptop), so much of it is made up for at most. Milliseconds. */
const MAX_CATCH_UP_MS = 1_000

/** Open-loop traffic: requests leave when they are due, whether or not earlier ones have been answered, so a slow shop is not spared. */
export class OpenLoop {
  readonly #options: OpenLoopOptions
  readonly #underWay = new Set<Promise<void>>()
  #lastTick: number
  #due = 0

  constructor(options: OpenLoopOptions) {
    this.#options = options
    this.#lastTick = options.now()
  }

  /** Sends what has become due since the last call; call it often. @returns whether there is more to come. */
  tick(): boolean {
    const { rate, requests, stats, now } = this.#options
    const at = now()
    this.#due += (Math.min(at - this.#lastTick, MAX_CATCH_UP_MS) / 1000) * rate
    this.#lastTick = at
    while (this.#due >= 1) {
      if (requests > 0 && stats.totalSent >= requests) return false
      this.#due--
      this.#sendOne()
    }
    return requests === 0 || stats.totalSent < requests
  }

  /** Resolves when every request under way has ended. */
  async drained(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  #sendOne(): void {
    const { next, maxConcurrency, stats, send } = this.#options
    const request = next()
    if (stats.inFlight >= maxConcurrency) {
      stats.skipped++
      return
    }
    stats.sent[request.kind]++
    stats.inFlight++
    const ending = send(request).then((answer) => {
      stats.inFlight--
      stats.answers[answer]++
      this.#underWay.delete(ending)
    })
    this.#underWay.add(ending)
  }
}
