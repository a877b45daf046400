import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@ballast/service'
import type { Notifier } from '../alert/alert-book.ts'
import type { AlertNotice } from '../alert/alert.ts'
import { SloError } from '../errors.ts'
import { AttemptSlots } from './attempt-slots.ts'
import { parseRetryAfter, type RetryPolicy, retryDelayMs } from './retry-delay.ts'
import { webhookSignature } from './signature.ts'

export interface WebhookOptions {
  readonly url: string
  /** Signs each message when given. */
  readonly key: Buffer | undefined
  /** Time for one attempt, milliseconds. */
  readonly timeoutMs: number
  readonly log: Logger
  /** Called after each attempt. */
  readonly onAttempt?: (outcome: 'delivered' | 'failed') => void
  /** @default webhookDefaults.retry */
  readonly retry?: RetryPolicy
  /** The clock, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
  /** 0 to below 1. @default Math.random */
  readonly random?: () => number
}

/** Defaults of delivery. */
export const webhookDefaults = {
  /** First wait up to 1 s, no wait over 5 min. */
  retry: { baseMs: 1000, maxMs: 300_000 },
  /** Attempts that run at once. */
  maxConcurrent: 8,
} as const

/** Delivers notices to a webhook by standard-webhooks 1.0: at least once, with an id that is the same over retries. */
export class WebhookNotifier implements Notifier {
  readonly #options: WebhookOptions
  readonly #slots = new AttemptSlots(webhookDefaults.maxConcurrent)

  constructor(options: WebhookOptions) {
    this.#options = options
  }

  /** Tries until the receiver has taken it; rejects only when `signal` aborts. */
  async deliver(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const { log, onAttempt, retry = webhookDefaults.retry, random = Math.random } = this.#options
    const id = webhookId(notice)
    const body = JSON.stringify({ type: `slo.alert.${notice.state}`, timestamp: new Date(notice.atMs).toISOString(), data: notice.data })
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      try {
        await this.#slots.run(() => this.#attempt(id, body, signal))
        onAttempt?.('delivered')
        return
      } catch (error) {
        signal.throwIfAborted()
        onAttempt?.('failed')
        const waitMs = retryDelayMs(retry, attempt, random(), error instanceof SloError ? error.retryAfterMs : undefined)
        log.warn({ reason: reasonOf(error), webhookId: id, attempt: attempt + 1, waitMs }, 'the webhook did not take an alert; it is sent again')
        await delay(waitMs, undefined, { signal })
      }
    }
  }

  async #attempt(id: string, body: string, signal: AbortSignal): Promise<void> {
    const { url, key, timeoutMs, now = Date.now } = this.#options
    const timestampSeconds = Math.floor(now() / 1000)
    const headers: Record<string, string> = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(timestampSeconds) }
    if (key !== undefined) headers['webhook-signature'] = webhookSignature(key, { id, timestampSeconds, body })
    // A redirect is a failure: following it would hand alerts to an address that nobody configured.
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) })
    await response.body?.cancel()
    if (response.ok) return
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), now())
    throw new SloError('WEBHOOK_FAILED', `the webhook answered ${response.status}; it is to answer 2xx to take an alert.`, retryAfterMs === undefined ? {} : { retryAfterMs })
  }
}

/** What went wrong, in a few words; the address stays out, because it may hold a token. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** The id of a message: the same for the same transition of the same alert, also after a restart. */
export function webhookId(notice: AlertNotice): string {
  return `msg_${createHash('sha256').update(`${notice.alert.id} ${notice.state}`).digest('hex').slice(0, 32)}`
}
