import type { Channel } from '../outbox/channel.ts'
import type { Delivery } from '../outbox/delivery.ts'
import { post } from './post.ts'
import { webhookSignature } from './signature.ts'

export interface WebhookOptions {
  readonly target: string
  readonly url: string
  /** Each signs the message; more than one while a secret is being changed. */
  readonly keys: readonly Buffer[]
  /** Time for one attempt, milliseconds. */
  readonly timeoutMs: number
  /** Whether the address may be one inside of a network. */
  readonly allowPrivate: boolean
  /** The clock, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
}

/** Delivers to a webhook by standard-webhooks 1.0: an id that is the same over retries, the time of the attempt, a signature. */
export class WebhookChannel implements Channel {
  readonly target: string
  readonly timeoutMs: number
  readonly #options: WebhookOptions

  constructor(options: WebhookOptions) {
    this.#options = options
    this.target = options.target
    this.timeoutMs = options.timeoutMs
  }

  async send({ id: deliveryId, notice }: Delivery, signal: AbortSignal): Promise<void> {
    const { url, keys, allowPrivate, now = Date.now } = this.#options
    const id = `msg_${deliveryId}`
    const timestampSeconds = Math.floor(now() / 1000)
    const body = JSON.stringify({ type: `slo.alert.${notice.state}`, timestamp: new Date(notice.atMs).toISOString(), data: notice.data })
    const headers: Record<string, string> = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(timestampSeconds) }
    if (keys.length > 0) headers['webhook-signature'] = keys.map((key) => webhookSignature(key, { id, timestampSeconds, body })).join(' ')
    // 410 is how a receiver says that it is gone for good.
    await post({ url, headers, body, signal, allowPrivate, refusals: { target: [410] }, now })
  }
}
