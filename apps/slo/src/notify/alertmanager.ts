import type { Logger } from '@ballast/service'
import { type AlertData, alertLabels } from '../alert/alert.ts'
import type { AlertState } from '../alert/alert-state.ts'
import { differenceLines, plainText } from './message-text.ts'
import { post } from './post.ts'

/** How alerts are kept alive in Alertmanager, milliseconds: the numbers of Prometheus. */
export const alertmanagerDefaults = {
  /** What did not change is sent again after this. */
  resendMs: 60_000,
  /** An alert ends by itself when it was not sent again for this many of the longer of tick and resend. */
  missedResends: 4,
  /** An end is sent for this long, so that a peer which was away hears of it. */
  resolvedForMs: 15 * 60_000,
} as const

export interface AlertmanagerOptions {
  readonly target: string
  /** Every peer of the cluster, never an address in front of them. */
  readonly urls: readonly string[]
  readonly timeoutMs: number
  readonly tickMs: number
  /** Whether an alert `AlwaysFiring` is sent along, by whose absence others see that this engine is dead. */
  readonly heartbeat: boolean
  readonly log: Logger
  readonly onAttempt?: (target: string, outcome: 'delivered' | 'failed') => void
}

/** Prometheus' Alertmanager, API v2: it is told the present state, again and again, and does all else itself. */
export class Alertmanager {
  readonly target: string
  readonly #options: AlertmanagerOptions
  readonly #sent = new Map<string, { readonly content: string; readonly atMs: number }>()

  constructor(options: AlertmanagerOptions) {
    this.#options = options
    this.target = options.target
  }

  /** Tells every peer what it does not know yet, or might forget. Never rejects. */
  async push(states: Iterable<AlertState>, nowMs: number, signal: AbortSignal): Promise<void> {
    const known = [...states].filter((state) => state.kind === 'firing' || nowMs - state.resolved.atMs < alertmanagerDefaults.resolvedForMs)
    const content = JSON.stringify(known.map((state) => [state.kind, state.alert.id]))
    await Promise.all(
      this.#options.urls.map(async (url) => {
        const last = this.#sent.get(url)
        if (last?.content === content && nowMs - last.atMs < alertmanagerDefaults.resendMs) return
        if (await this.#tell(url, this.#alerts(known, nowMs), signal)) this.#sent.set(url, { content, atMs: nowMs })
      }),
    )
  }

  #alerts(states: readonly AlertState[], nowMs: number): readonly object[] {
    const { tickMs, heartbeat } = this.#options
    const endsAt = new Date(nowMs + alertmanagerDefaults.missedResends * Math.max(tickMs, alertmanagerDefaults.resendMs)).toISOString()
    const alive = { labels: { alertname: 'AlwaysFiring', severity: 'none', component: 'slo' }, annotations: { summary: 'The SLO engine evaluates and delivers.' }, endsAt }
    return [...states.map((state) => alertmanagerAlert(state, endsAt)), ...(heartbeat ? [alive] : [])]
  }

  async #tell(peer: string, alerts: readonly object[], signal: AbortSignal): Promise<boolean> {
    const { target, timeoutMs, log, onAttempt } = this.#options
    if (alerts.length === 0) return true
    try {
      const url = new URL('api/v2/alerts', peer.endsWith('/') ? peer : `${peer}/`).href
      await post({ url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(alerts), signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]), allowPrivate: true })
      onAttempt?.(target, 'delivered')
      return true
    } catch (error) {
      if (signal.aborted) return false
      onAttempt?.(target, 'failed')
      log.warn({ reason: (error as Error).message, target }, 'an Alertmanager did not take the alerts; they are sent again at the next tick')
      return false
    }
  }
}

/** One alert as Alertmanager has it: identity in the labels, figures in the annotations. */
function alertmanagerAlert(state: AlertState, endsAt: string): object {
  const { data } = state.kind === 'firing' ? state.firing : state.resolved
  return {
    labels: { ...alertLabels(data), component: 'slo' },
    annotations: annotations(data, state.kind === 'firing' ? plainText(state.firing) : plainText(state.resolved)),
    startsAt: data.startedAt,
    endsAt: state.kind === 'firing' ? endsAt : new Date(state.resolved.atMs).toISOString(),
    ...(data.links.console !== null && { generatorURL: data.links.console }),
  }
}

function annotations(data: AlertData, description: string): Record<string, string> {
  const { links, tier, exampleTraceIds } = data
  const all = {
    summary: data.summary,
    description,
    tier,
    alert_id: data.alertId,
    example_traces: exampleTraceIds.join(' '),
    what_differs: differenceLines(data).join('; '),
    runbook_url: links.runbook ?? '',
    dashboard_url: links.dashboard ?? '',
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}
