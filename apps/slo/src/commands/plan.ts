import { SpanStore } from '../clickhouse/span-store.ts'
import { needOf } from '../objective/objective-needs.ts'
import { type CommandContext, type CommandResult, chosenMeasured, lengthText, table } from './command.ts'
import { rollUpOf } from './measured-history.ts'

const HOUR_MS = 3_600_000

/** What the engine will do for each objective: what it measures, what of it is there already, and what that costs. */
export async function plan(context: CommandContext): Promise<CommandResult> {
  const { catalog, clickhouse, config, signal } = context
  const bucketMs = catalog.bucket.ms
  const objectives = chosenMeasured(context)
  const series = objectives.map((objective) => needOf(objective, bucketMs, context.now()).series)
  const ids = series.map(({ id }) => id)
  const marks = await rollUpOf(context).marks([...new Set(ids)], signal)
  const to = Math.floor((context.now() - config.ingestLagMs) / bucketMs)
  const store = new SpanStore({ clickhouse, timeoutMs: config.queryTimeoutMs })
  const range = { from: to - HOUR_MS / bucketMs, to }
  const { cost = [], failures = [] } = await store.countBuckets({ indicators: series.map(({ parts }) => parts[0]!.indicator), bucketMs, range, watermarkMs: to * bucketMs, signal })
  const data = objectives.map((objective, index) => {
    const measured = marks.get(ids[index]!)
    const missingMs = Math.max(0, measured === undefined ? objective.period.ms : (measured.from - to) * bucketMs + objective.period.ms)
    return { name: objective.name, series: ids[index]!, template: objective.indicator.template, sharedBy: ids.filter((id) => id === ids[index]).length, missingMs, rowsPerHour: cost[index] ?? 0 }
  })
  const rows = data.map(({ name, series: id, template, sharedBy, missingMs, rowsPerHour }) => [name, id, template, String(sharedBy), missingMs === 0 ? 'measured' : `${lengthText(missingMs)} to measure`, rowsPerHour.toLocaleString('en')])
  const lines = [...table([['objective', 'series', 'template', 'shared by', 'past', 'rows an hour'], ...rows]), ...failures.map((failure) => `error: ${failure}`)]
  return { lines, data: { objectives: data, failures }, exitCode: failures.length === 0 ? 0 : 1 }
}
