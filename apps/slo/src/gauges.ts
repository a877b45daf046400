import { type BatchObservableResult, metrics } from '@opentelemetry/api'
import type { AlertBook } from './alert/alert-book.ts'
import { severities } from './burn/tier-catalog.ts'
import type { Engine } from './engine.ts'
import type { Leadership } from './leader/leadership.ts'
import type { Measurement } from './measure/measurement.ts'
import type { Ledger } from './outbox/ledger.ts'
import type { AttemptOutcome } from './outbox/outbox.ts'

/** A delivery that arrived within this is in time: the latency that the objective of notifications is about. Milliseconds. */
const IN_TIME_MS = 60_000

/** Counts delivery attempts, and deliveries by whether they arrived in time: the numbers of the objective of notifications. */
export function deliveryCounters(): (target: string, outcome: AttemptOutcome, ageMs?: number) => void {
  const meter = metrics.getMeter('ballast-slo')
  const attempts = meter.createCounter('ballast_slo_delivery_attempts', { description: 'delivery attempts by target and outcome' })
  const deliveries = meter.createCounter('ballast_slo_deliveries', { description: 'deliveries that arrived or were given up, by target and whether they arrived within a minute' })
  const latency = meter.createHistogram('ballast_slo_delivery_latency_seconds', { description: 'time from a transition until a target took it', advice: { explicitBucketBoundaries: [0.1, 0.5, 1, 5, 15, 60, 300, 3600] } })
  return (target, outcome, ageMs) => {
    attempts.add(1, { target, outcome })
    if (outcome === 'failed' || ageMs === undefined) return
    deliveries.add(1, { target, in_time: outcome === 'delivered' && ageMs <= IN_TIME_MS })
    if (outcome === 'delivered') latency.record(ageMs / 1000, { target })
  }
}

/** What the gauges read. */
export interface Observed {
  readonly engine: Engine
  readonly alerts: AlertBook
  readonly measurement: Measurement
  readonly ledger: Ledger
  readonly leadership: Leadership
}

/** Registers the engine's gauges: read from its state when asked, so that a tick costs nothing for them. */
export function registerGauges({ engine, alerts, measurement, ledger, leadership }: Observed): void {
  const meter = metrics.getMeter('ballast-slo')
  const good = meter.createObservableGauge('ballast_slo_good_events', { description: 'good events of the period' })
  const total = meter.createObservableGauge('ballast_slo_total_events', { description: 'all events of the period' })
  const budget = meter.createObservableGauge('ballast_slo_budget_remaining_ratio', { description: 'part of the error budget that is left; negative when overspent' })
  const coverage = meter.createObservableGauge('ballast_slo_coverage_ratio', { description: 'part of the period so far that is measured' })
  const scanned = meter.createObservableGauge('ballast_slo_scan_rows', { description: 'rows that the last scan looked at for an objective and those that share them' })
  const target = meter.createObservableGauge('ballast_slo_target_ratio', { description: 'share of events that should be good' })
  const length = meter.createObservableGauge('ballast_slo_period_seconds', { description: 'length of the rolling period' })
  const burn = meter.createObservableGauge('ballast_slo_burn_rate', { description: 'burn rate by window' })
  const firing = meter.createObservableGauge('ballast_slo_alert_firing', { description: '1 while the alert of this severity is not over' })
  const problems = meter.createObservableGauge('ballast_slo_problems', { description: 'problems in the files of objectives' })
  const tick = meter.createObservableGauge('ballast_slo_tick_duration_seconds', { description: 'time that the last tick took' })
  const ticks = meter.createObservableCounter('ballast_slo_ticks', { description: 'ticks by outcome' })
  const rows = meter.createObservableCounter('ballast_slo_rows_read', { description: 'spans of the services in question that scans looked at' })
  const leads = meter.createObservableGauge('ballast_slo_leader', { description: '1 while this replica alerts and delivers' })
  const changes = meter.createObservableCounter('ballast_slo_leadership_changes', { description: 'how often this replica began or ceased to lead' })
  const pending = meter.createObservableGauge('ballast_slo_outbox_deliveries', { description: 'deliveries that have not arrived' })
  const oldest = meter.createObservableGauge('ballast_slo_outbox_oldest_seconds', { description: 'age of the oldest delivery that has not arrived' })

  const observe = (result: BatchObservableResult): void => {
    const { set, evaluations, ticks: counts, lastTickMs } = engine.state
    const open = new Set(alerts.open().map(({ alert }) => `${alert.severity} ${alert.objective}`))
    for (const { objective, period, budgetRemaining, windows, ...facts } of evaluations) {
      const labels = { slo: objective.slo, objective: objective.name, service: objective.service }
      result.observe(good, period.good, labels)
      result.observe(total, period.total, labels)
      result.observe(target, Number(objective.target.numerator) / Number(objective.target.denominator), labels)
      result.observe(length, objective.period.ms / 1000, labels)
      result.observe(coverage, facts.coverage, labels)
      result.observe(scanned, facts.rowsRead, labels)
      if (budgetRemaining !== undefined) result.observe(budget, budgetRemaining, labels)
      for (const { window, burn: rate } of windows) if (rate !== undefined) result.observe(burn, rate, { ...labels, window: window.text })
      for (const severity of severities) result.observe(firing, open.has(`${severity} ${objective.name}`) ? 1 : 0, { ...labels, severity })
    }
    for (const level of ['error', 'warning']) result.observe(problems, set?.problems.filter((problem) => problem.level === level).length ?? 0, { level })
    result.observe(tick, lastTickMs / 1000)
    result.observe(ticks, counts.measured, { outcome: 'measured' })
    result.observe(ticks, counts.failed, { outcome: 'failed' })
    result.observe(rows, measurement.rowsRead)
    result.observe(leads, leadership.role.kind === 'following' ? 0 : 1)
    result.observe(changes, leadership.changes)
    const waiting = [...ledger.deliveries.values()]
    result.observe(pending, waiting.length)
    result.observe(oldest, waiting.length === 0 ? 0 : Math.max(0, Date.now() - Math.min(...waiting.map(({ queuedAtMs }) => queuedAtMs))) / 1000)
  }
  meter.addBatchObservableCallback(observe, [good, total, coverage, scanned, target, length, budget, burn, firing, problems, tick, ticks, rows, leads, changes, pending, oldest])
}
