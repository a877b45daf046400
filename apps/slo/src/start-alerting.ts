import type { ClickHouse } from '@ballast/clickhouse'
import type { ConfigOf, Lifecycle, Logger } from '@ballast/service'
import type { Links } from './alert/alert.ts'
import { AlertBook } from './alert/alert-book.ts'
import type { AlertLog } from './alert/alert-log.ts'
import { HoldBack } from './alert/hold-back.ts'
import type { AlertRules } from './burn/tier-catalog.ts'
import type { settings } from './config.ts'
import type { deliveryCounters } from './gauges.ts'
import type { Leadership } from './leader/leadership.ts'
import { Heartbeat } from './notify/heartbeat.ts'
import { HistoryChannel } from './notify/history-channel.ts'
import { LogChannel } from './notify/log-channel.ts'
import { readNotifyFile } from './notify/notify-file.ts'
import { openTargets } from './notify/open-targets.ts'
import type { Alertmanager } from './notify/alertmanager.ts'
import type { Receivers } from './notify/receivers.ts'
import type { Route } from './notify/route.ts'
import { parseWebhookSecret } from './notify/signature.ts'
import { StandingNotices } from './notify/standing-notices.ts'
import { WebhookChannel } from './notify/webhook-channel.ts'
import type { Objective } from './objective/objective.ts'
import type { AlertStore } from './outbox/alert-store.ts'
import type { Channel } from './outbox/channel.ts'
import { Ledger } from './outbox/ledger.ts'
import { Outbox } from './outbox/outbox.ts'
import { Prover } from './proof/prover.ts'

type Config = ConfigOf<typeof settings>

/** What alerting is made of. */
export interface AlertingParts {
  readonly config: Config
  readonly log: Logger
  readonly lifecycle: Lifecycle
  readonly clickhouse: ClickHouse
  readonly history: AlertLog
  readonly store: AlertStore
  readonly leadership: Leadership
  readonly rules: AlertRules
  readonly count: ReturnType<typeof deliveryCounters>
}

/** Alerting, ready to be told of evaluations. */
export interface Alerting {
  readonly book: AlertBook
  readonly ledger: Ledger
  readonly holdBack: HoldBack
  readonly prover: Prover
  /** Names of the targets. */
  readonly targets: readonly string[]
}

/** @throws SloError for a file of targets or a secret that is wrong */
export function startAlerting({ config, log, lifecycle, clickhouse, history, store, leadership, rules, count }: AlertingParts): Alerting {
  const { channels, alertmanagers, routes, heartbeat } = targetsOf(config, log, count)
  const ledger = new Ledger({ store, history, leadership, log, historyTimeoutMs: config.queryTimeoutMs })
  const holdBack = new HoldBack({ ledger, routes, durable: store.durable })
  const receivers: Receivers = { channels: channels.map(({ target }) => target), alertmanagers: alertmanagers.map(({ target }) => target) }
  const all = [new HistoryChannel(history, config.queryTimeoutMs), ...channels]
  const outbox = new Outbox({ ledger, leadership, log, channels: new Map(all.map((channel) => [channel.target, channel])), holdBack: (delivery, nowMs) => holdBack.reason(delivery, nowMs), onAttempt: count })
  lifecycle.onShutdown('alert delivery', () => outbox.close())
  const standing = new StandingNotices(alertmanagers, heartbeat)
  lifecycle.onShutdown('alertmanager', () => standing.close())
  const prover = new Prover(clickhouse)
  const book = new AlertBook({
    log,
    ledger,
    outbox,
    holdBack,
    standing,
    rules,
    routes,
    receivers,
    links: ({ objective }) => linksOf(config, objective),
    // From the short window: it burns too, or there would be no alert, and its events are the newest and the fewest.
    prove: ({ objective, windows }, { reading }) => {
      const toMs = Date.now()
      const window = (reading?.short ?? windows[0])?.window.ms ?? 0
      return prover.prove(objective, { fromMs: toMs - config.ingestLagMs - window, toMs })
    },
  })
  return { book, ledger, holdBack, prover, targets: [...receivers.channels, ...receivers.alertmanagers] }
}

interface Targets {
  readonly channels: readonly Channel[]
  readonly alertmanagers: readonly Alertmanager[]
  readonly routes: readonly Route[]
  readonly heartbeat: Heartbeat | undefined
}

/** The targets of the file; without one, the webhook of the settings; without that, the log. */
function targetsOf(config: Config, log: Logger, count: AlertingParts['count']): Targets {
  if (config.notifyFile !== '') {
    const plan = readNotifyFile(config.notifyFile)
    const heartbeat = plan.heartbeat && new Heartbeat({ url: plan.secret(plan.heartbeat.urlFile), everyMs: plan.heartbeat.every, timeoutMs: config.webhookTimeoutMs, allowPrivate: plan.heartbeat.allowPrivate, log, onAttempt: count })
    return { ...openTargets(plan, { tickMs: config.tickMs, log, onAttempt: count }), routes: plan.routes, heartbeat }
  }
  const keys = config.webhookSecret === '' ? [] : [parseWebhookSecret(config.webhookSecret)]
  // Who sets the address in the environment of the engine may mean its own network.
  const channel = config.webhookUrl === '' ? new LogChannel(log) : new WebhookChannel({ target: 'webhook', url: config.webhookUrl, keys, timeoutMs: config.webhookTimeoutMs, allowPrivate: true })
  return { channels: [channel], alertmanagers: [], routes: [{ matchers: [], targets: [channel.target], escalation: [], throttleMs: 0 }], heartbeat: undefined }
}

function linksOf({ consoleUrl, dashboardUrl, host, port }: Config, { name, runbookUrl }: Objective): Links {
  // An engine that only this machine reaches is reached from it under its own address.
  const base = consoleUrl === '' && host === '127.0.0.1' ? `http://${host}:${port}` : consoleUrl.replace(/\/$/, '')
  return {
    console: base === '' ? null : `${base}/objectives/${encodeURIComponent(name)}`,
    dashboard: dashboardUrl === '' ? null : dashboardUrl.replaceAll('{objective}', encodeURIComponent(name)),
    runbook: runbookUrl ?? null,
  }
}
