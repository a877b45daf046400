import { type BatchObservableResult, metrics } from '@opentelemetry/api'
import type { AlertBook } from './alert/alert-book.ts'
import { severities } from './burn/tier-catalog.ts'
import type { Engine } from './engine.ts'
import type { Measurement } from './measure/measurement.ts'

/** Counts a delivery attempt. */
export type CountAttempt = (outcome: 'delivered' | 'failed') => void

/** The counter of delivery attempts. */
export function attemptCounter(): CountAttempt {
  const attempts = metrics.getMeter('ballast-slo').createCounter('ballast_slo_webhook_attempts', { description: 'delivery attempts by outcome' })
  return (outcome) => attempts.add(1, { outcome })
}

/** Registers the engine's gauges: read from its state when asked, so that a tick costs nothing for them. */
export function registerGauges(engine: Engine, alerts: AlertBook, measurement: Measurement): void {
  const meter = metrics.getMeter('ballast-slo')
  const good = meter.createObservableGauge('ballast_slo_good_events', { description: 'good events of the period' })
  const total = meter.createObservableGauge('ballast_slo_total_events', { description: 'all events of the period' })
  const budget = meter.createObservableGauge('ballast_slo_budget_remaining_ratio', { description: 'part of the error budget that is left; negative when overspent' })
  const target = meter.createObservableGauge('ballast_slo_target_ratio', { description: 'share of events that should be good' })
  const length = meter.createObservableGauge('ballast_slo_period_seconds', { description: 'length of the rolling period' })
  const burn = meter.createObservableGauge('ballast_slo_burn_rate', { description: 'burn rate by window' })
  const firing = meter.createObservableGauge('ballast_slo_alert_firing', { description: '1 while the alert of this severity is not over' })
  const problems = meter.createObservableGauge('ballast_slo_problems', { description: 'problems in the files of objectives' })
  const tick = meter.createObservableGauge('ballast_slo_tick_duration_seconds', { description: 'time that the last tick took' })
  const ticks = meter.createObservableCounter('ballast_slo_ticks', { description: 'ticks by outcome' })
  const rows = meter.createObservableCounter('ballast_slo_rows_read', { description: 'spans of the services in question that scans looked at' })

  const observe = (result: BatchObservableResult): void => {
    const { set, evaluations, ticks: counts, lastTickMs } = engine.state
    const open = new Set(alerts.open().map(({ alert }) => `${alert.severity} ${alert.objective}`))
    for (const { objective, period, budgetRemaining, windows } of evaluations) {
      const labels = { slo: objective.slo, objective: objective.name, service: objective.service }
      result.observe(good, period.good, labels)
      result.observe(total, period.total, labels)
      result.observe(target, Number(objective.target.numerator) / Number(objective.target.denominator), labels)
      result.observe(length, objective.period.ms / 1000, labels)
      if (budgetRemaining !== undefined) result.observe(budget, budgetRemaining, labels)
      for (const { window, burn: rate } of windows) if (rate !== undefined) result.observe(burn, rate, { ...labels, window: window.text })
      for (const severity of severities) result.observe(firing, open.has(`${severity} ${objective.name}`) ? 1 : 0, { ...labels, severity })
    }
    for (const level of ['error', 'warning']) result.observe(problems, set?.problems.filter((problem) => problem.level === level).length ?? 0, { level })
    result.observe(tick, lastTickMs / 1000)
    result.observe(ticks, counts.measured, { outcome: 'measured' })
    result.observe(ticks, counts.failed, { outcome: 'failed' })
    result.observe(rows, measurement.rowsRead)
  }
  meter.addBatchObservableCallback(observe, [good, total, target, length, budget, burn, firing, problems, tick, ticks, rows])
}
