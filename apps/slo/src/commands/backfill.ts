import { type CommandContext, type CommandResult, chosenMeasured } from './command.ts'
import { measureAgain } from './measured-history.ts'

/** Measures the past again. What was counted of rows that have been dropped since stays as it is. */
export async function backfill(context: CommandContext): Promise<CommandResult> {
  const objectives = chosenMeasured(context)
  const rowsRead = await measureAgain(context, objectives, (day, days, rows) => context.progress(`${Math.round((day / days) * 100)} %: ${day} of ${days} days, ${rows.toLocaleString('en')} rows read`))
  return { lines: [`${objectives.length} objectives measured over ${context.options.days} days; ${rowsRead.toLocaleString('en')} rows read.`], data: { objectives: objectives.map(({ name }) => name), days: context.options.days, rowsRead } }
}
