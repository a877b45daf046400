import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ClientRequest } from 'node:http'

const CHANNEL = 'http.client.request.created'

interface Attempt {
  readonly request: ClientRequest
  status: number | undefined
}

/**
 * Watches the exporters' requests, so that an ending process knows whether the batch under way has left it. Without this it would be sent
 * twice or not at all. Uses what Node's http client publishes.
 */
export class ExportRequests {
  readonly #last = new Map<string, Attempt>()
  readonly #urls: ReadonlySet<string>

  /** @param urls - of the receivers. */
  constructor(urls: readonly string[]) {
    this.#urls = new Set(urls)
    subscribe(CHANNEL, this.#onCreated)
  }

  /** Whether the last request to a receiver was given to the operating system as a whole, and not refused since. */
  left(url: string): boolean {
    const attempt = this.#last.get(url)
    if (attempt === undefined || attempt.request.errored) return false
    return attempt.status === undefined ? attempt.request.writableFinished : attempt.status < 300
  }

  /** A new batch is about to go out: what became of the request before says nothing about it. */
  forget(url: string): void {
    this.#last.delete(url)
  }

  close(): void {
    unsubscribe(CHANNEL, this.#onCreated)
  }

  readonly #onCreated = (message: unknown): void => {
    const request = (message as { request?: unknown }).request
    if (!(request instanceof ClientRequest)) return
    const url = `${request.protocol}//${String(request.getHeader('host'))}${request.path}`
    if (!this.#urls.has(url)) return
    const attempt: Attempt = { request, status: undefined }
    request.once('response', (response) => (attempt.status = response.statusCode))
    this.#last.set(url, attempt)
  }
}
