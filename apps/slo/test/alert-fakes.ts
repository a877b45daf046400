import { createLogger } from '@ballast/service'
import type { AlertNotice, Proof } from '../src/alert/alert.ts'
import { AlertBook } from '../src/alert/alert-book.ts'
import type { AlertLog } from '../src/alert/alert-log.ts'
import { HoldBack } from '../src/alert/hold-back.ts'
import type { Counts } from '../src/burn/burn-rate.ts'
import type { AlertRules } from '../src/burn/tier-catalog.ts'
import { type Lease, soleLease } from '../src/leader/lease.ts'
import { Leadership } from '../src/leader/leadership.ts'
import { HistoryChannel } from '../src/notify/history-channel.ts'
import type { Route } from '../src/notify/route.ts'
import { StandingNotices } from '../src/notify/standing-notices.ts'
import { type Evaluation, evaluate } from '../src/objective/evaluation.ts'
import type { Objective } from '../src/objective/objective.ts'
import type { AlertStore } from '../src/outbox/alert-store.ts'
import type { Channel } from '../src/outbox/channel.ts'
import type { Delivery } from '../src/outbox/delivery.ts'
import { Ledger } from '../src/outbox/ledger.ts'
import { MemoryStore } from '../src/outbox/memory-store.ts'
import { type AttemptOutcome, Outbox } from '../src/outbox/outbox.ts'

/** A history in memory; `failing` makes it refuse. The real one is tested on ClickHouse. */
export class ListLog implements AlertLog {
  readonly notices: AlertNotice[] = []
  failing = false

  append(notice: AlertNotice): Promise<void> {
    if (this.failing) return Promise.reject(new Error('the log is away'))
    const isKnown = this.notices.some(({ alert, state }) => alert.id === notice.alert.id && state === notice.state)
    if (!isKnown) this.notices.push(notice)
    return Promise.resolve()
  }

  latest(): Promise<readonly AlertNotice[]> {
    if (this.failing) return Promise.reject(new Error('the log is away'))
    const last = new Map(this.notices.map((notice) => [`${notice.alert.objective} ${notice.alert.kind} ${notice.alert.severity}`, notice]))
    return Promise.resolve([...last.values()])
  }
}

/** Keeps what it is given; `error` makes it refuse. The real ones are tested on servers. */
export class ListChannel implements Channel {
  readonly target: string
  readonly timeoutMs = 1000
  readonly deliveries: Delivery[] = []
  error: Error | undefined

  constructor(target = 'pager') {
    this.target = target
  }

  set failing(fails: boolean) {
    this.error = fails ? new Error('the receiver is away') : undefined
  }

  send(delivery: Delivery): Promise<void> {
    if (this.error !== undefined) return Promise.reject(this.error)
    this.deliveries.push(delivery)
    return Promise.resolve()
  }

  get delivered(): readonly AlertNotice[] {
    return this.deliveries.map(({ notice }) => notice)
  }

  get summary(): string[] {
    return this.delivered.map(({ state, alert }) => `${state} ${alert.kind === 'burn' ? '' : `${alert.kind} `}${alert.severity} ${alert.objective}`)
  }
}

/** What an {@link alerting} is made of; every part has a default. */
export interface AlertingFacts {
  readonly store?: AlertStore
  readonly lease?: Lease
  readonly history?: ListLog
  readonly channels?: readonly Channel[]
  readonly routes?: readonly Route[]
  readonly rules?: AlertRules
  /** Names of alertmanagers that there are. */
  readonly alertmanagers?: readonly string[]
  readonly prove?: (evaluation: Evaluation) => Promise<Proof>
  readonly monotonic?: () => number
  /** The clock of deliveries. @default the one that `tick` moves */
  readonly now?: () => number
  readonly onAttempt?: (target: string, outcome: AttemptOutcome) => void
}

/** Alerting of one replica, put together as the app does, on a clock that the test moves. Retries do not wait for it. */
export function alerting(facts: AlertingFacts = {}) {
  const log = createLogger('slo', 'silent')
  const { store = new MemoryStore(), lease = soleLease, history = new ListLog(), channels = [new ListChannel()], rules = {}, onAttempt } = facts
  const clock = { nowMs: 1_800_000_000_000 }
  const routes = facts.routes ?? [{ matchers: [], targets: channels.map(({ target }) => target), escalation: [], throttleMs: 0 }]
  const leadership = new Leadership({ lease, log, monotonic: facts.monotonic ?? (() => clock.nowMs) })
  const ledger = new Ledger({ store, history, leadership, log, historyTimeoutMs: 1000 })
  const holdBack = new HoldBack({ ledger, routes, durable: store.durable })
  const all = new Map([new HistoryChannel(history, 1000), ...channels].map((channel) => [channel.target, channel] as const))
  const outbox = new Outbox({ ledger, leadership, log, channels: all, holdBack: (delivery, nowMs) => holdBack.reason(delivery, nowMs), now: facts.now ?? (() => clock.nowMs), random: () => 0.5, retry: { baseMs: 1000, maxMs: 60_000 }, ...(onAttempt && { onAttempt }) })
  const prove = facts.prove ?? (() => Promise.resolve({ exampleTraceIds: ['trace-1'], differences: [], deploys: [] }))
  const links = { console: 'https://console.example/objectives/checkout', dashboard: null, runbook: 'https://runbooks.example/checkout' }
  const book = new AlertBook({ log, ledger, outbox, holdBack, standing: new StandingNotices([], undefined), rules, routes, receivers: { channels: channels.map(({ target }) => target), alertmanagers: facts.alertmanagers ?? [] }, prove, links: () => links })
  /** Moves the alerts by evaluations of now, and lets everything run that waits for nothing but promises. */
  const tick = async (evaluations: readonly Evaluation[], laterMs = 15_000, gone: (objective: string) => boolean = () => false): Promise<void> => {
    clock.nowMs += laterMs
    await book.update(evaluations, gone, clock.nowMs)
    await settled()
  }
  return { book, ledger, outbox, leadership, history, clock, tick, close: () => outbox.close() }
}

/** An evaluation in which every window has the same counts. */
export function evaluation(objective: Objective, counts: Counts): Evaluation {
  return evaluate(objective, () => counts)
}

/** Lets everything run that waits for nothing but promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
