import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { attribute, gaugeRows, LATEST } from './metric-sql.ts'

/** One burn-rate tier of the engine's catalogue. */
export interface Tier {
  readonly severity: 'page' | 'ticket'
  readonly long: string
  readonly short: string
  /** Burn rate above which it holds, for a period of thirty days. */
  readonly factor: number
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
const secondsOf = (window: string): number => Number.parseInt(window, 10) * SECONDS[window.at(-1)!]!
const catalog = JSON.parse(readFileSync(fileURLToPath(new URL('../../../infra/slo/tiers/30d.json', import.meta.url)), 'utf8')) as {
  readonly tiers: readonly { readonly severity: Tier['severity']; readonly budgetShare: string; readonly long: string; readonly short: string }[]
}

/** The tiers by which the engine alerts, from its own catalogue: charts draw their lines where alerts begin. */
export const tiers: readonly Tier[] = catalog.tiers.map(({ severity, budgetShare, long, short }) => ({
  severity,
  long,
  short,
  factor: Number(((Number(budgetShare) * 30 * 86_400) / secondsOf(long)).toFixed(3)),
}))

/** Every window that a burn rate is known for, shortest first. */
export const windows: readonly string[] = [...new Set(tiers.flatMap(({ long, short }) => [long, short]))].toSorted((a, b) => secondsOf(a) - secondsOf(b))

/** Objectives with their newest figures: `objective`, `service`, `good`, `total`, `budget`, `target`, `period`, `firing`, and `burn` by window. */
export function objectiveRows(where?: string): string {
  const metric = ['ballast_slo_good_events', 'ballast_slo_total_events', 'ballast_slo_budget_remaining_ratio', 'ballast_slo_target_ratio', 'ballast_slo_period_seconds', 'ballast_slo_alert_firing', 'ballast_slo_burn_rate']
  const latest = `(SELECT MetricName, ${attribute('objective')} AS objective, ${attribute('service')} AS service, ${attribute('window')} AS burnWindow, ${attribute('severity')} AS severity, ${LATEST} AS value FROM ${gaugeRows({ metric, ...(where !== undefined && { where }) })} GROUP BY MetricName, objective, service, burnWindow, severity)`
  const newest = (name: string, alias: string): string => `anyIf(value, MetricName = 'ballast_slo_${name}') AS ${alias}`
  const columns = [
    newest('good_events', 'good'),
    newest('total_events', 'total'),
    newest('budget_remaining_ratio', 'budget'),
    newest('target_ratio', 'target'),
    newest('period_seconds', 'period'),
    `maxIf(value, MetricName = 'ballast_slo_alert_firing') AS firing`,
    `maxIf(value, MetricName = 'ballast_slo_alert_firing' AND severity = 'page') AS paging`,
    ...windows.map((window) => `anyIf(value, MetricName = 'ballast_slo_burn_rate' AND burnWindow = '${window}') AS burn_${window}`),
  ]
  return `(SELECT objective, service, ${columns.join(', ')} FROM ${latest} GROUP BY objective, service HAVING total > 0)`
}

/** An objective's state, as a text that sorts by urgency nowhere: only to be read. */
export const STATE = `multiIf(budget <= 0, 'exhausted', paging > 0, 'page', firing > 0, 'ticket', budget < 0.25, 'at risk', 'healthy')`

/** Seconds until the budget is gone, if the burn of the last hour goes on; NULL while nothing burns. */
export const TIME_LEFT = `if(burn_1h > 0 AND budget > 0, budget * period / burn_1h, NULL)`
