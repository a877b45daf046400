import { budgetRemaining } from '../burn/burn-rate.ts'
import { decimalText } from '../burn/fraction.ts'
import { History } from '../history/replay.ts'
import { type CommandContext, type CommandResult, chosenMeasured, percent, table } from './command.ts'
import { historyOf } from './measured-history.ts'

const DAY_MS = 86_400_000
/** Days that a report names for each objective. */
const WORST_DAYS = 3

/** What objectives did over the last days: for people who were not there. */
export async function report(context: CommandContext): Promise<CommandResult> {
  const bucketMs = context.catalog.bucket.ms
  const data = []
  for (const objective of chosenMeasured(context)) {
    const { buckets, range, measured } = await historyOf(context, objective)
    const history = new History(buckets, range)
    const { good, total } = history.sum(range.from, range.to)
    const first = Math.ceil(range.from / (DAY_MS / bucketMs))
    const days = Array.from({ length: context.options.days }, (_, day) => {
      const from = (first + day) * (DAY_MS / bucketMs)
      const counts = history.sum(from, from + DAY_MS / bucketMs)
      return { day: new Date(from * bucketMs).toISOString().slice(0, 10), bad: counts.total - counts.good, total: counts.total }
    })
    const coverage = measured === undefined ? 0 : Math.max(0, Math.min(range.to, measured.to) - Math.max(range.from, measured.from)) / (range.to - range.from)
    data.push({
      name: objective.name,
      service: objective.service,
      target: decimalText(objective.target),
      good,
      bad: total - good,
      total,
      sli: total === 0 ? null : good / total,
      budgetRemaining: budgetRemaining({ good, total }, objective.budget) ?? null,
      coverage,
      worstDays: days.filter(({ bad }) => bad > 0).toSorted((a, b) => b.bad - a.bad).slice(0, WORST_DAYS),
    })
  }
  const rows = data.map((each) => [each.name, percent(Number(each.target), 3), percent(each.sli ?? undefined, 3), String(each.bad), String(each.total), percent(each.budgetRemaining ?? undefined), percent(each.coverage, 0), each.worstDays.map(({ day, bad }) => `${day} (${bad})`).join(', ')])
  return { lines: table([['objective', 'target', 'was', 'bad', 'of', 'budget left', 'measured', 'worst days (bad events)'], ...rows]), data: { days: context.options.days, objectives: data } }
}
