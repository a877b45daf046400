import { suggestTargets } from '../history/suggest-targets.ts'
import { type CommandContext, type CommandResult, chosenMeasured, percent, table } from './command.ts'
import { historyOf } from './measured-history.ts'

/** Tries the usual targets on what was measured. */
export async function suggest(context: CommandContext): Promise<CommandResult> {
  const lines: string[] = []
  const data: unknown[] = []
  for (const objective of chosenMeasured(context)) {
    const { buckets, range } = await historyOf(context, objective)
    const { suggested, trials } = suggestTargets(objective, context.catalog, buckets, range, context.catalog.bucket.ms)
    const verdict = trials.length === 0 ? 'nothing is measured' : suggested === undefined ? 'no usual target would have kept a third of its budget' : `suggested target ${percent(Number(suggested), 3)}`
    lines.push(`${objective.name}, ${context.options.days} days: ${verdict}`)
    const rows = trials.map(({ target, remaining, badDays, pages, tickets }) => [`  ${percent(Number(target), 3)}`, percent(remaining), String(badDays), String(pages), String(tickets)])
    if (rows.length > 0) lines.push(...table([['  target', 'budget left', 'bad days', 'pages', 'tickets'], ...rows]))
    data.push({ name: objective.name, suggested: suggested ?? null, trials })
  }
  return { lines, data: { objectives: data } }
}
