import { complement, decimalText, parseDecimal } from '../burn/fraction.ts'
import { tiersFor } from '../burn/tier.ts'
import { SloError } from '../errors.ts'
import { replay, type ReplayedAlert } from '../history/replay.ts'
import type { Objective } from '../objective/objective.ts'
import { type CommandContext, type CommandResult, chosenMeasured, lengthText, percent } from './command.ts'
import { historyOf } from './measured-history.ts'

/** Replays what was measured against the objectives as the files have them now, or against another target. */
export async function simulate(context: CommandContext): Promise<CommandResult> {
  const bucketMs = context.catalog.bucket.ms
  const lines: string[] = []
  const data: unknown[] = []
  for (const objective of chosenMeasured(context).map((each) => withTarget(each, context))) {
    const { buckets, range } = await historyOf(context, objective)
    const alerts = replay(objective, buckets, range, bucketMs)
    lines.push(`${objective.name} at ${percent(Number(decimalText(objective.target)), 3)} over ${context.options.days} days${buckets.length === 0 ? ': nothing is measured' : ''}`)
    for (const severity of ['page', 'ticket'] as const) lines.push(`  ${severity}: ${summary(alerts.filter((alert) => alert.severity === severity), bucketMs)}`)
    for (const alert of alerts) {
      const cleared = alert.clearedAt === undefined ? 'still fires' : `cleared after ${lengthText((alert.clearedAt - alert.firedAt) * bucketMs)}`
      lines.push(`    ${new Date((alert.firedAt + 1) * bucketMs).toISOString()}  ${alert.severity} ${alert.tier}, found after ${lengthText(alert.detection * bucketMs)}, ${percent(alert.spent)} of the budget spent by then, ${cleared}`)
    }
    data.push({ name: objective.name, target: decimalText(objective.target), alerts: alerts.map((alert) => ({ ...alert, firedAt: new Date((alert.firedAt + 1) * bucketMs).toISOString(), clearedAt: alert.clearedAt === undefined ? null : new Date((alert.clearedAt + 1) * bucketMs).toISOString(), detectionMs: alert.detection * bucketMs })) })
  }
  return { lines, data: { objectives: data } }
}

function withTarget(objective: Objective, { options: { target: text }, catalog }: CommandContext): Objective {
  if (text === undefined) return objective
  const target = parseDecimal(text)
  if (target === undefined || complement(target).numerator <= 0n) throw new SloError('OPTION_INVALID', `--target is ${JSON.stringify(text)}; allowed: a decimal from 0 to below 1, such as 0.995.`)
  const budget = complement(target)
  return { ...objective, target, budget, tiers: tiersFor(catalog, { ...objective, budget }).tiers }
}

function summary(alerts: readonly ReplayedAlert[], bucketMs: number): string {
  if (alerts.length === 0) return 'would not have fired'
  const detections = alerts.map(({ detection }) => detection).toSorted((a, b) => a - b)
  return `would have fired ${alerts.length} ${alerts.length === 1 ? 'time' : 'times'}, median detection ${lengthText(detections[Math.floor(detections.length / 2)]! * bucketMs)}`
}
