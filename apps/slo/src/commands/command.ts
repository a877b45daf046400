import type { ClickHouse } from '@ballast/clickhouse'
import type { TierCatalog } from '../burn/tier-catalog.ts'
import type { settings } from '../config.ts'
import type { ConfigOf } from '@ballast/service'
import { SloError } from '../errors.ts'
import type { Objective } from '../objective/objective.ts'
import type { ObjectiveSet } from '../openslo/objective-set.ts'

/** What a command was asked. */
export interface CommandOptions {
  /** Name of an SLO or of one of its objectives; all when absent. */
  readonly slo: string | undefined
  readonly days: number
  readonly target: string | undefined
  readonly minBudget: number
  readonly url: string
  /** What `offenders` groups by. */
  readonly by: string
}

/** What a command works with. */
export interface CommandContext {
  readonly options: CommandOptions
  readonly config: ConfigOf<typeof settings>
  readonly catalog: TierCatalog
  readonly set: ObjectiveSet
  /** Connects when it is first used. */
  readonly clickhouse: ClickHouse
  readonly signal: AbortSignal
  readonly now: () => number
  /** Says how far it is; not part of the answer. */
  readonly progress: (line: string) => void
}

/** What a command answers: lines for people, the same as data, and the exit code. */
export interface CommandResult {
  readonly lines: readonly string[]
  readonly data: unknown
  /** @default 0 */
  readonly exitCode?: number
}

/** The objectives that are meant: those of an SLO, one of them, or all. @throws SloError OBJECTIVE_NOT_FOUND */
export function chosen({ set: { objectives }, options: { slo } }: Pick<CommandContext, 'set' | 'options'>): readonly Objective[] {
  if (slo === undefined) return objectives
  const found = objectives.filter((objective) => objective.name === slo || objective.slo === slo)
  if (found.length > 0) return found
  throw new SloError('OBJECTIVE_NOT_FOUND', `no objective is called ${slo}; there are: ${objectives.map(({ name }) => name).join(', ') || 'none'}.`)
}

/** Of these the ones that are measured themselves: an objective over others is not. */
export function chosenMeasured(context: Pick<CommandContext, 'set' | 'options'>): readonly Objective[] {
  return chosen(context).filter(({ composite }) => composite === undefined)
}

/** A table for a terminal: columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd())
}

/** `12.3 %`, or what stands for nothing. */
export function percent(share: number | undefined, decimals = 1): string {
  return share === undefined ? 'no data' : `${(share * 100).toFixed(decimals)} %`
}

/** A length of time, in the largest unit that leaves it readable: `51.8 s`, `2.2 min`, `4.3 h`. */
export function lengthText(ms: number): string {
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`
  return ms < 172_800_000 ? `${Number((ms / 3_600_000).toFixed(1))} h` : `${Number((ms / 86_400_000).toFixed(1))} d`
}
