import type { Logger } from '@ballast/service'
import { severities, type Severity } from '../burn/tier-catalog.ts'
import type { Evaluation, TierReading } from '../objective/evaluation.ts'
import { firingNotice, nextAlertId, resolvedNotice } from './alert-data.ts'
import type { AlertLog } from './alert-log.ts'
import { type AlertState, announced, dueNotice, fire, quiet, resolve, restored } from './alert-state.ts'
import type { Alert, AlertNotice } from './alert.ts'

/** Tells people. Resolves when the notice has arrived, and not before; rejects only when it gives up, or is aborted. */
export interface Notifier {
  deliver(notice: AlertNotice, signal: AbortSignal): Promise<void>
}

export interface AlertBookOptions {
  readonly log: Logger
  readonly alertLog: AlertLog
  readonly notifier: Notifier
  /** Trace ids of bad events of a tier that holds. */
  readonly exampleTraces: (evaluation: Evaluation, reading: TierReading) => Promise<readonly string[]>
  /** Time that recording a transition may take, milliseconds. */
  readonly recordTimeoutMs: number
}

/** An alert that is not over. */
export interface OpenAlert {
  readonly alert: Alert
  readonly state: 'firing' | 'resolving'
  readonly firing: AlertNotice
  /** Whether the last transition was delivered and recorded. */
  readonly delivered: boolean
}

/**
 * The alerts of all objectives: one for each objective and severity. Evaluations move them; what changed is delivered, then
 * recorded, and only then counts as announced, so that nothing is lost by a failed delivery, a failed insert or a restart.
 */
export class AlertBook {
  readonly #options: AlertBookOptions
  readonly #states = new Map<string, AlertState>()
  /** Deliveries under way, at most one for each objective and severity: that bounds the queue. */
  readonly #underWay = new Map<string, Promise<void>>()
  /** Notices that arrived and are not recorded yet. */
  readonly #arrived = new Set<AlertNotice>()
  readonly #closing = new AbortController()
  #restored = false

  constructor(options: AlertBookOptions) {
    this.#options = options
  }

  /** Reads back what was recorded, once. @throws what the log throws; then nothing may be evaluated yet. */
  async restore(signal: AbortSignal): Promise<void> {
    if (this.#restored) return
    for (const last of await this.#options.alertLog.latest(signal)) this.#states.set(keyOf(last.alert.objective, last.alert.severity), restored(last))
    this.#restored = true
  }

  /** Moves every alert by what was just measured. Alerts of objectives that are not evaluated stay as they are. */
  async update(evaluations: readonly Evaluation[], nowMs: number): Promise<void> {
    for (const evaluation of evaluations) {
      for (const severity of severities) await this.#move(evaluation, severity, nowMs)
    }
    this.#deliverDue()
  }

  /** Ends the alerts of objectives that are gone for good. */
  removeAllBut(objectives: ReadonlySet<string>, nowMs: number): void {
    for (const [key, state] of this.#states) {
      if (state.kind !== 'firing' || objectives.has(state.alert.objective)) continue
      this.#states.set(key, resolve(state, (firing) => resolvedNotice(firing, undefined, nowMs)))
    }
    this.#deliverDue()
  }

  /** The alerts that are not over, oldest first. */
  open(): readonly OpenAlert[] {
    const open = [...this.#states.values()].flatMap((state) =>
      state.kind === 'quiet' ? [] : [{ alert: state.alert, state: state.kind, firing: state.firing, delivered: dueNotice(state) === undefined }],
    )
    return open.toSorted((a, b) => a.alert.startedAtMs - b.alert.startedAtMs)
  }

  /** Stops deliveries; what is not announced is found due again after the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#underWay.values())
  }

  async #move(evaluation: Evaluation, severity: Severity, nowMs: number): Promise<void> {
    const { name } = evaluation.objective
    const key = keyOf(name, severity)
    const state = this.#states.get(key) ?? quiet
    const holding = evaluation.holding.get(severity)
    if (holding === undefined) {
      this.#states.set(key, resolve(state, (firing) => resolvedNotice(firing, evaluation, nowMs)))
    } else if (state.kind === 'quiet') {
      const traces = await this.#examples(evaluation, holding)
      const id = nextAlertId(name, severity, state.lastAlertId)
      this.#states.set(key, fire(state, () => firingNotice(id, evaluation, holding, traces, nowMs)))
    }
  }

  /** An alert without examples is better than an alert that waits for them. */
  async #examples(evaluation: Evaluation, holding: TierReading): Promise<readonly string[]> {
    try {
      return await this.#options.exampleTraces(evaluation, holding)
    } catch (error) {
      this.#options.log.warn({ err: error, objective: evaluation.objective.name }, 'no example traces for this alert')
      return []
    }
  }

  #deliverDue(): void {
    for (const [key, state] of this.#states) {
      if (this.#underWay.has(key) || this.#closing.signal.aborted || dueNotice(state) === undefined) continue
      this.#underWay.set(key, this.#deliver(key).finally(() => this.#underWay.delete(key)))
    }
  }

  /** Delivers and records what is due for one alert, in order, until nothing is or something fails; the next tick goes on. */
  async #deliver(key: string): Promise<void> {
    const { log, alertLog, notifier, recordTimeoutMs } = this.#options
    const { signal } = this.#closing
    try {
      for (let notice = this.#due(key); notice !== undefined; notice = this.#due(key)) {
        if (!this.#arrived.has(notice)) await notifier.deliver(notice, signal)
        this.#arrived.add(notice)
        await alertLog.append(notice, AbortSignal.any([signal, AbortSignal.timeout(recordTimeoutMs)]))
        this.#arrived.delete(notice)
        this.#states.set(key, announced(this.#states.get(key)!, notice))
      }
    } catch (error) {
      if (signal.aborted) return
      log.warn({ err: error, alert: this.#due(key)?.data.alertId }, 'an alert could not be delivered and recorded; it is tried again at the next tick')
    }
  }

  #due(key: string): AlertNotice | undefined {
    return dueNotice(this.#states.get(key) ?? quiet)
  }
}

function keyOf(objective: string, severity: Severity): string {
  return `${severity} ${objective}`
}
