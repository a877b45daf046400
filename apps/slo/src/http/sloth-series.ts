import { toNumber } from '../burn/fraction.ts'
import type { Evaluation, WindowReading } from '../objective/evaluation.ts'

/** Sloth's name and labels for a figure; without a value the series is absent, as Sloth's would be. */
type Sample = readonly [name: string, labels: Readonly<Record<string, string>>, value: number | undefined]

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * The series of Sloth, so that dashboards and alerts made for it work on these objectives (names and labels: Sloth's recording rules). An
 * error ratio is of counts over the window, never a mean of ratios.
 */
export function slothSeries(evaluations: readonly Evaluation[]): string {
  const samples = evaluations.flatMap(samplesOf).filter((sample): sample is readonly [string, Record<string, string>, number] => sample[2] !== undefined && Number.isFinite(sample[2]))
  const byName = Map.groupBy(samples, ([name]) => name)
  const lines = [...byName].flatMap(([name, series]) => [`# TYPE ${name} gauge`, ...series.map(([, labels, value]) => `${name}{${labelText(labels)}} ${value}`)])
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function samplesOf({ objective, period, windows }: Evaluation): Sample[] {
  const id = { sloth_id: `${objective.service}-${objective.name}`, sloth_service: objective.service, sloth_slo: objective.name }
  const budget = toNumber(objective.budget)
  const target = toNumber(objective.target)
  const spent = errorRatio(period)
  const [shortest] = windows
  const ratios: (readonly [string, Pick<WindowReading, 'good' | 'total'>])[] = [...windows.filter(({ window }) => window.text !== objective.period.text).map((reading) => [reading.window.text, reading] as const), [objective.period.text, period]]
  return [
    ...ratios.map(([window, counts]): Sample => [`slo:sli_error:ratio_rate${window}`, { ...id, sloth_window: window }, errorRatio(counts)]),
    ['slo:objective:ratio', id, target],
    ['slo:error_budget:ratio', id, budget],
    ['slo:time_period:days', id, objective.period.ms / DAY_MS],
    ['slo:current_burn_rate:ratio', id, shortest?.burn],
    ['slo:period_burn_rate:ratio', id, spent === undefined ? undefined : spent / budget],
    ['slo:period_error_budget_remaining:ratio', id, spent === undefined ? undefined : 1 - spent / budget],
    ['sloth_slo_info', { ...id, sloth_mode: 'ballast', sloth_objective: String(Number((target * 100).toFixed(9))), sloth_spec: 'openslo/v1', sloth_version: 'ballast' }, 1],
  ]
}

function errorRatio({ good, total }: Pick<WindowReading, 'good' | 'total'>): number | undefined {
  return total === 0 ? undefined : (total - good) / total
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`).join(',')
}
