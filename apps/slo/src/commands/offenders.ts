import { SpanStore } from '../clickhouse/span-store.ts'
import { SloError } from '../errors.ts'
import { type GroupBy, isRowIndicator } from '../measure/indicator.ts'
import { parseGroupBy } from '../objective/grouping.ts'
import type { Objective } from '../objective/objective.ts'
import { type CommandContext, type CommandResult, chosenMeasured, percent, table } from './command.ts'

const DAY_MS = 86_400_000
/** Groups that are named. */
const TOP = 10

interface Group {
  readonly group: string
  readonly good: number
  readonly bad: number
  readonly total: number
  /** Of all bad events. */
  readonly share: number
}

/** Who has the bad events of objectives that count rows: by tenant, operation or attribute, from the rows themselves. */
export async function offenders(context: CommandContext): Promise<CommandResult> {
  const groupBy = readGroupBy(context.options.by)
  const lines: string[] = []
  const data: unknown[] = []
  for (const objective of chosenMeasured(context)) {
    const groups = await groupsOf(objective, groupBy, context)
    if (groups === undefined) {
      lines.push(`${objective.name}: does not count rows one by one`)
      continue
    }
    const worst = groups.filter(({ bad }) => bad > 0).toSorted((a, b) => b.bad - a.bad).slice(0, TOP)
    lines.push(`${objective.name}, ${context.options.days} days, by ${context.options.by}: ${groups.length} groups`)
    if (worst.length > 0) lines.push(...table([['  group', 'bad', 'of', 'was', 'share of all bad'], ...worst.map(({ group, good, bad, total, share }) => [`  ${group === '' ? '(none)' : group}`, String(bad), String(total), percent(good / total, 3), percent(share)])]))
    data.push({ name: objective.name, groups: worst })
  }
  return { lines, data: { by: context.options.by, objectives: data } }
}

async function groupsOf({ indicator }: Objective, groupBy: GroupBy, { clickhouse, config, options, signal, now }: CommandContext): Promise<readonly Group[] | undefined> {
  if (!isRowIndicator(indicator)) return undefined
  const toMs = now() - config.ingestLagMs
  const to = Math.ceil(toMs / DAY_MS)
  const store = new SpanStore({ clickhouse, timeoutMs: config.queryTimeoutMs })
  const { series } = await store.countBuckets({ indicators: [{ ...indicator, groupBy }], bucketMs: DAY_MS, range: { from: to - options.days - 1, to }, watermarkMs: toMs, signal })
  const sums = new Map<string, { good: number; total: number }>()
  for (const { group = '', good, total } of series[0] ?? []) {
    const before = sums.get(group) ?? { good: 0, total: 0 }
    sums.set(group, { good: before.good + good, total: before.total + total })
  }
  const allBad = [...sums.values()].reduce((sum, { good, total }) => sum + total - good, 0)
  return [...sums].map(([group, { good, total }]) => ({ group, good, bad: total - good, total, share: allBad === 0 ? 0 : (total - good) / allBad }))
}

function readGroupBy(text: string): GroupBy {
  const by = parseGroupBy(text)
  if (by !== undefined) return by
  throw new SloError('OPTION_INVALID', `--by is ${JSON.stringify(text)}; allowed: tenant, operation, attributes.NAME.`)
}
