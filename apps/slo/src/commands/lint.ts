import { decimalText, toNumber } from '../burn/fraction.ts'
import { isBelow } from '../burn/tier.ts'
import { type CommandContext, type CommandResult, chosen, lengthText, percent, table } from './command.ts'

/** Checks the files, and says what each objective's tiers can do: detection of a total outage is `factor · budget · window`. */
export function lint(context: CommandContext): CommandResult {
  const { problems } = context.set
  const objectives = chosen(context).map((objective) => ({
    name: objective.name,
    target: decimalText(objective.target),
    period: objective.period.text,
    method: objective.budgeting.method,
    totalOutageExhaustsMs: toNumber(objective.budget) * objective.period.ms,
    tiers: objective.tiers.map(({ name, severity, op, factor, threshold, long, short, afterMs = 0 }) => ({
      name,
      severity,
      factor: Number(toNumber(factor).toPrecision(6)),
      // A condition that asks for little burn finds no outage.
      detectsTotalOutageMs: isBelow(op) ? null : toNumber(threshold) * long.ms + afterMs,
      clearsWithinMs: short.ms,
    })),
  }))
  const rows = objectives.flatMap(({ name, target, period, tiers }) =>
    tiers.map((tier) => [name, percent(Number(target), 3), period, `${tier.severity} ${tier.name}`, String(tier.factor), tier.detectsTotalOutageMs === null ? 'never' : lengthText(tier.detectsTotalOutageMs), lengthText(tier.clearsWithinMs)]),
  )
  const errors = problems.filter(({ level }) => level === 'error').length
  const lines = [
    ...table([['objective', 'target', 'period', 'tier', 'burn above', 'outage found after', 'clears within'], ...rows]),
    '',
    ...problems.map(({ level, message }) => `${level}: ${message}`),
    `${objectives.length} objectives, ${errors} errors, ${problems.length - errors} warnings`,
  ]
  return { lines, data: { objectives, problems }, exitCode: errors === 0 ? 0 : 1 }
}
