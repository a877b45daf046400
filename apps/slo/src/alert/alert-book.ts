import type { Logger } from '@ballast/service'
import { type AlertRules, severities, type Severity } from '../burn/tier-catalog.ts'
import { SloError } from '../errors.ts'
import { type Receivers, targetsFor } from '../notify/receivers.ts'
import { type Route, routeOf } from '../notify/route.ts'
import type { StandingNotices } from '../notify/standing-notices.ts'
import type { Evaluation } from '../objective/evaluation.ts'
import type { Ledger } from '../outbox/ledger.ts'
import { HISTORY } from '../outbox/channel.ts'
import { type Delivery, newDelivery, toldKey } from '../outbox/delivery.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { alertKey, type Alert, alertLabels, type AlertKind, type AlertNotice, type Links, type Proof } from './alert.ts'
import { firingNotice, resolvedNotice } from './alert-notice.ts'
import { type AlertState, stepAlert } from './alert-state.ts'
import { type Condition, conditionsOf } from './condition.ts'
import type { HoldBack } from './hold-back.ts'
import { silenceOf } from './silence.ts'

export interface AlertBookOptions {
  readonly log: Logger
  readonly ledger: Ledger
  readonly outbox: Outbox
  readonly holdBack: HoldBack
  readonly standing: StandingNotices
  readonly rules: AlertRules
  readonly routes: readonly Route[]
  readonly receivers: Receivers
  /** Gathers what proves an alert. */
  readonly prove: (evaluation: Evaluation, condition: Condition) => Promise<Proof>
  readonly links: (evaluation: Evaluation) => Links
}

/** An alert that is not over. */
export interface OpenAlert {
  readonly alert: Alert
  /** `resolving` until everybody who is to know that it ended has been told. */
  readonly state: 'firing' | 'resolving'
  readonly firing: AlertNotice
  /** Whether all who are to know of its last transition have been told. */
  readonly delivered: boolean
  readonly acknowledgedBy: string | undefined
  /** Comment of the silence that covers it. */
  readonly silencedBy: string | undefined
}

const noProof: Proof = { exampleTraceIds: [], differences: [], deploys: [] }
/** Alerts whose proof is gathered at once: when everything burns, the database is to be asked gently. */
const PROOFS_AT_ONCE = 4
/** Alerts that are stored at once, so that a step stays small when everything burns. */
const ALERTS_AT_ONCE = 200

/**
 * The alerts of all objectives: at most one for each objective, kind and severity. Evaluations move them; a transition and the
 * deliveries that it causes are committed as one step, so that none is lost and none is made twice.
 */
export class AlertBook {
  readonly #options: AlertBookOptions
  #acting = false

  constructor(options: AlertBookOptions) {
    this.#options = options
  }

  /** Whether this replica acted at the last tick. */
  get acting(): boolean {
    return this.#acting
  }

  /** Moves every alert by what was just measured. Alerts of objectives that are not evaluated stay as they are, unless they are `gone`. */
  async update(evaluations: readonly Evaluation[], gone: (objective: string) => boolean, nowMs: number): Promise<void> {
    if (!(await this.#join())) return
    const { ledger, rules } = this.#options
    const found = evaluations.flatMap((evaluation) => conditionsOf(evaluation, rules, (kind, severity) => this.#fires(kind, severity, evaluation)).map((condition) => ({ evaluation, condition })))
    const proofs = await this.#proofs(found.filter(({ evaluation, condition }) => condition.holds && !this.#fires(condition.kind, condition.severity, evaluation)))
    const states = new Map<string, AlertState>()
    for (const { evaluation, condition } of found) {
      const key = alertKey({ ...condition, objective: evaluation.objective.name })
      const next = stepAlert(ledger.states.get(key), condition.holds, {
        nowMs,
        keepFiringForMs: rules.keepFiringFor?.ms ?? 0,
        begin: (lastAlertId) => firingNotice({ evaluation, condition, proof: proofs.get(condition) ?? noProof, links: this.#options.links(evaluation), lastAlertId, atMs: nowMs }),
        end: (firing) => resolvedNotice(firing, evaluation, nowMs),
      })
      if (next !== undefined && next !== ledger.states.get(key)) states.set(key, next)
    }
    for (const [key, state] of ledger.states) {
      if (state.kind === 'firing' && gone(state.alert.objective)) states.set(key, { kind: 'resolved', alert: state.alert, resolved: resolvedNotice(state.firing, undefined, nowMs) })
    }
    await this.#commit(states, nowMs)
    this.#tell(true, nowMs)
  }

  /** A tick without a measurement: nothing begins or ends, but what is on its way goes on. */
  async idle(nowMs: number): Promise<void> {
    if (!(await this.#join())) return
    await this.#commit(new Map(), nowMs)
    this.#tell(false, nowMs)
  }

  /** The alerts that are not over, oldest first, of one age the most severe first. */
  open(nowMs: number = Date.now()): readonly OpenAlert[] {
    const { ledger } = this.#options
    const pending = new Set([...ledger.deliveries.values()].map(({ notice }) => notice.alert.id))
    const { acknowledgements, silences } = ledger.remarks
    const open = [...ledger.states.values()].flatMap((state): OpenAlert[] => {
      const { alert } = state
      const delivered = !pending.has(alert.id)
      if (state.kind === 'resolved' && delivered) return []
      const notice = state.kind === 'firing' ? state.firing : state.resolved
      const silence = silenceOf(silences.values(), alertLabels(notice.data), nowMs)
      return [{ alert, state: state.kind === 'firing' ? 'firing' : 'resolving', firing: notice, delivered, acknowledgedBy: acknowledgements.get(alert.id)?.by, silencedBy: silence?.comment }]
    })
    return open.toSorted((a, b) => a.alert.startedAtMs - b.alert.startedAtMs || severities.indexOf(a.alert.severity) - severities.indexOf(b.alert.severity) || a.alert.objective.localeCompare(b.alert.objective))
  }

  async #join(): Promise<boolean> {
    this.#acting = await this.#options.ledger.sync()
    return this.#acting
  }

  #tell(measured: boolean, nowMs: number): void {
    if (this.#acting) this.#options.standing.tell(this.#options.ledger.states.values(), measured, nowMs)
  }

  #fires(kind: AlertKind, severity: Severity, { objective }: Evaluation): boolean {
    return this.#options.ledger.states.get(alertKey({ kind, severity, objective: objective.name }))?.kind === 'firing'
  }

  /** Stores the steps of a tick, so many alerts at once: each alert with its deliveries, whole or not at all. */
  async #commit(states: Map<string, AlertState>, nowMs: number): Promise<void> {
    const { ledger, outbox, log } = this.#options
    const escalations = this.#escalate(states, nowMs)
    const changed = [...states]
    try {
      for (let first = 0; first < changed.length; first += ALERTS_AT_ONCE) {
        const part = changed.slice(first, first + ALERTS_AT_ONCE)
        const steps = part.map(([key, state]) => this.#step(key, state, nowMs))
        const queued = [...steps.flatMap((step) => step.queued), ...part.flatMap(([key]) => escalations.get(key) ?? [])]
        await ledger.commit({ states: new Map(part), queued, finished: steps.flatMap(({ finished }) => finished) })
      }
    } catch (error) {
      if (!(error instanceof SloError) || error.code !== 'STALE_LEADER') throw error
      this.#acting = false
      log.warn(error.message)
    }
    outbox.dispatch()
  }

  /** The deliveries that the next state of an alert makes, and those that it makes needless. */
  #step(key: string, state: AlertState, nowMs: number): { readonly queued: readonly Delivery[]; readonly finished: readonly string[] } {
    if (this.#options.ledger.states.get(key)?.kind === state.kind) return { queued: [], finished: [] }
    return state.kind === 'firing' ? { queued: this.#beginning(state.firing, nowMs), finished: [] } : this.#ending(key, state.resolved, nowMs)
  }

  #beginning(notice: AlertNotice, nowMs: number): Delivery[] {
    return [...new Set([HISTORY, ...this.#targetsOf(notice)])].map((target) => newDelivery(notice, target, nowMs))
  }

  /** Everybody who was told, or is being told, that it began is told that it ended; who was spared is spared that, too. */
  #ending(key: string, notice: AlertNotice, nowMs: number): { readonly queued: readonly Delivery[]; readonly finished: readonly string[] } {
    const { ledger, outbox, holdBack, receivers } = this.#options
    const waiting = [...ledger.deliveriesOf(key)].filter((delivery) => delivery.notice.alert.id === notice.alert.id)
    const spared = waiting.filter((delivery) => delivery.target !== HISTORY && delivery.attempts === 0 && !outbox.underWay(delivery) && holdBack.reason(delivery, nowMs) !== undefined)
    const before = ledger.states.get(key)
    const onRoute = before?.kind === 'firing' && before.restored === true ? this.#targetsOf(notice) : []
    const told = receivers.channels.filter((target) => ledger.told.get(toldKey(key, target))?.alertId === notice.alert.id)
    const isWanted = notice.data.alertWhenResolved !== false
    const targets = new Set(!isWanted ? [HISTORY] : [HISTORY, ...onRoute, ...told, ...waiting.filter((delivery) => !spared.includes(delivery)).map(({ target }) => target)])
    return { queued: [...targets].map((target) => newDelivery(notice, target, nowMs)), finished: spared.map(({ id }) => id) }
  }

  /** Whom to tell: those that the policies of the objective name, else those of the route. */
  #targetsOf({ data }: AlertNotice): readonly string[] {
    const { routes, receivers } = this.#options
    return targetsFor(data.notificationTargets, receivers) ?? routeOf(routes, alertLabels(data)).targets
  }

  /** Takes the escalation steps that are due; gives their deliveries by the key of the alert. */
  #escalate(states: Map<string, AlertState>, nowMs: number): ReadonlyMap<string, readonly Delivery[]> {
    const { ledger, routes } = this.#options
    const queued = new Map<string, readonly Delivery[]>()
    if (routes.every(({ escalation }) => escalation.length === 0)) return queued
    for (const [key, known] of ledger.states) {
      const state = states.get(key) ?? known
      if (state.kind !== 'firing' || ledger.remarks.acknowledgements.has(state.alert.id)) continue
      const { escalation } = routeOf(routes, alertLabels(state.firing.data))
      const due = escalation.filter(({ afterMs }, index) => index >= state.escalated && nowMs - state.alert.startedAtMs >= afterMs)
      if (due.length === 0) continue
      const targets = new Set(due.flatMap((step) => step.targets))
      const isKnown = ({ id, target }: Delivery): boolean => ledger.deliveries.has(id) || ledger.told.get(toldKey(key, target))?.alertId === state.alert.id
      queued.set(key, [...targets].map((target) => newDelivery(state.firing, target, nowMs, true)).filter((delivery) => !isKnown(delivery)))
      states.set(key, { ...state, escalated: state.escalated + due.length })
    }
    return queued
  }

  /** An alert without proof is better than an alert that waits for it. */
  async #proofs(begun: readonly { readonly evaluation: Evaluation; readonly condition: Condition }[]): Promise<Map<Condition, Proof>> {
    const proofs = new Map<Condition, Proof>()
    for (let first = 0; first < begun.length; first += PROOFS_AT_ONCE) {
      await Promise.all(
        begun.slice(first, first + PROOFS_AT_ONCE).map(async ({ evaluation, condition }) => {
          try {
            proofs.set(condition, await this.#options.prove(evaluation, condition))
          } catch (error) {
            this.#options.log.warn({ err: error, objective: evaluation.objective.name }, 'no proof for this alert')
          }
        }),
      )
    }
    return proofs
  }
}
