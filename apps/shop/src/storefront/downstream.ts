import type { Logger } from '@ballast/service'
import { ShopError } from '../errors.ts'

/** Another service, called with a deadline. */
export class Downstream {
  readonly #name: string
  readonly #baseUrl: string
  readonly #timeoutMs: number
  readonly #log: Logger

  /**
   * @param name - for messages.
   * @param timeoutMs - deadline of one call, its body included.
   */
  constructor(name: string, baseUrl: string, timeoutMs: number, log: Logger) {
    this.#name = name
    this.#baseUrl = baseUrl
    this.#timeoutMs = timeoutMs
    this.#log = log
  }

  /**
   * Calls it and reads the JSON it answers with.
   *
   * @returns the status and the body; the status is below 500.
   * @throws {@link ShopError} `DEPENDENCY_FAILED`, `DEPENDENCY_TIMEOUT`.
   */
  async call(path: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly body: unknown }> {
    let status: number
    let body: unknown
    try {
      const response = await fetch(`${this.#baseUrl}${path}`, { ...init, signal: AbortSignal.timeout(this.#timeoutMs) })
      status = response.status
      body = await response.json()
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') {
        throw new ShopError('DEPENDENCY_TIMEOUT', `${this.#name} did not answer within ${this.#timeoutMs} ms`, { cause: error })
      }
      throw new ShopError('DEPENDENCY_FAILED', `${this.#name} could not be reached or gave no JSON`, { cause: error })
    }
    this.#log.debug({ dependency: this.#name, path, status }, 'answered')
    if (status >= 500) throw new ShopError('DEPENDENCY_FAILED', `${this.#name} answered ${status}`)
    return { status, body }
  }
}
