import { createHash } from 'node:crypto'
import { type AlertNotice, alertKey } from '../alert/alert.ts'
import type { Channel } from '../outbox/channel.ts'
import type { Delivery } from '../outbox/delivery.ts'
import { differenceLines, headline, linkList } from './message-text.ts'
import { post } from './post.ts'

/** Where PagerDuty takes events. */
export const PAGER_DUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

/** Characters of a summary. */
const MAX_SUMMARY = 1024

export interface PagerDutyOptions {
  readonly target: string
  /** @default PAGER_DUTY_URL */
  readonly url: string
  /** Key of the integration, 32 characters. */
  readonly routingKey: string
  readonly timeoutMs: number
  readonly allowPrivate: boolean
}

/** Delivers to PagerDuty's Events API v2: one incident for each objective, kind and severity, however often it is triggered. */
export class PagerDutyChannel implements Channel {
  readonly target: string
  readonly timeoutMs: number
  readonly #options: PagerDutyOptions

  constructor(options: PagerDutyOptions) {
    this.#options = options
    this.target = options.target
    this.timeoutMs = options.timeoutMs
  }

  async send({ notice }: Delivery, signal: AbortSignal): Promise<void> {
    const { url, routingKey, allowPrivate } = this.#options
    const body = JSON.stringify(pagerDutyEvent(notice, routingKey))
    // 429 and 5xx pass; 400 is said of an event that will never be taken.
    await post({ url, headers: { 'content-type': 'application/json' }, body, signal, allowPrivate, refusals: { message: [400] } })
  }
}

/** The event. Its key names no tier: a faster burn of the same severity is the same incident. */
export function pagerDutyEvent(notice: AlertNotice, routingKey: string): object {
  const { alert, data, state } = notice
  const base = { routing_key: routingKey, event_action: state === 'firing' ? 'trigger' : 'resolve', dedup_key: createHash('sha256').update(alertKey(alert)).digest('hex') }
  if (state === 'resolved') return base
  const { exampleTraceIds, deploys, burn, tier, good, bad, total, budgetRemaining, timeToExhaustionMs, target, period } = data
  return {
    ...base,
    client: 'Ballast SLO',
    ...(data.links.console !== null && { client_url: data.links.console }),
    links: linkList(data).map(({ name, url }) => ({ href: url, text: name })),
    payload: {
      summary: headline(notice).slice(0, MAX_SUMMARY),
      source: data.service,
      severity: data.severity === 'page' ? 'critical' : 'warning',
      timestamp: data.startedAt,
      component: data.objective,
      group: data.slo,
      class: data.kind,
      custom_details: { alertId: data.alertId, target, period, tier, good, bad, total, burn, budgetRemaining, timeToExhaustionMs, differences: differenceLines(data), exampleTraceIds, deploys },
    },
  }
}
