import type { Stretch } from '../measure/bound-query.ts'
import type { GroupBy, RowIndicator } from '../measure/indicator.ts'
import type { ObjectiveSet } from '../openslo/objective-set.ts'
import { type Problem, problemOf } from '../openslo/problem.ts'
import { canGroup, type GroupPattern, groupObjective, groupPattern } from './grouping.ts'
import type { Grouping, Objective } from './objective.ts'

/** Where groups come from. */
export interface GroupSource {
  /** Groups of the rows that an indicator counts, the busiest first. */
  find(indicator: RowIndicator, by: GroupBy, stretch: Stretch, limit: number): Promise<readonly string[]>
  /** Groups that were measured before and had events since then, by when they had the last ones, newest first: to the hour, milliseconds since the epoch. */
  recall(pattern: GroupPattern, sinceMs: number, limit: number): Promise<readonly { readonly value: string; readonly lastMs: number }[]>
}

export interface GroupedObjectivesOptions {
  readonly source: { read(): Promise<ObjectiveSet> }
  readonly groups: GroupSource
  /** Length of a bucket, milliseconds. */
  readonly bucketMs: number
  /** Rows younger than this are not there yet, milliseconds. */
  readonly ingestLagMs: number
  /** The clock, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
}

type GroupedObjective = Objective & { readonly grouping: Grouping; readonly indicator: RowIndicator }

/** When groups of an objective were last seen, milliseconds since the epoch, and until when it was looked. */
interface Known {
  readonly seen: Map<string, number>
  lookedToMs: number
}

/** How often it is looked for new groups. */
const LOOK_EVERY_MS = 5 * 60_000
/** How far the first look goes back. */
const FIRST_LOOK_MS = 24 * 3_600_000

/** Objectives with, for each that asks for it, one for each group of its rows: they appear when a group does, and stay while it has events in the period. */
export class GroupedObjectives {
  readonly #options: GroupedObjectivesOptions
  readonly #known = new Map<string, Known>()
  #base: ObjectiveSet | undefined
  #current: ObjectiveSet | undefined
  #problems: readonly Problem[] = []
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: GroupedObjectivesOptions) {
    this.#options = options
  }

  /** The same object as before when neither a file nor a group changed. */
  async read(): Promise<ObjectiveSet> {
    const { source, now = Date.now } = this.#options
    const base = await source.read()
    const grouped = base.objectives.filter((each): each is GroupedObjective => each.grouping !== undefined && canGroup(each.indicator, each.grouping.by))
    if (grouped.length === 0) return base
    // What could not be found is looked for at each tick.
    const isDue = base !== this.#base || this.#problems.length > 0 || now() - this.#lookedAtMs >= LOOK_EVERY_MS
    const changed = isDue && (await this.#look(grouped, now()))
    if (this.#current === undefined || base !== this.#base || changed) this.#current = { ...base, objectives: base.objectives.flatMap((each) => [each, ...this.#groupsOf(each, grouped)]), problems: [...base.problems, ...this.#problems] }
    this.#base = base
    return this.#current
  }

  #groupsOf(objective: Objective, grouped: readonly GroupedObjective[]): Objective[] {
    const whole = grouped.find((each) => each === objective)
    const seen = whole && this.#known.get(keyOf(whole))?.seen
    return seen === undefined ? [] : [...seen.keys()].toSorted().map((value) => groupObjective(whole!, value))
  }

  /** Looks what groups there are since the last look. @returns whether that changed anything */
  async #look(grouped: readonly GroupedObjective[], nowMs: number): Promise<boolean> {
    this.#lookedAtMs = nowMs
    const wanted = new Set(grouped.map(keyOf))
    for (const key of this.#known.keys()) if (!wanted.has(key)) this.#known.delete(key)
    const before = this.#problems.map(({ message }) => message).join('\n')
    let changed = false
    const problems: Problem[] = []
    for (const objective of grouped) {
      const problem = (level: Problem['level'], fault: string): Problem => problemOf({ level, file: `SLO ${objective.slo}`, field: 'group-by', fault })
      try {
        const { isNew, isFull } = await this.#update(objective, nowMs)
        changed ||= isNew
        if (isFull) problems.push(problem('warning', `finds more than ${objective.grouping.max} groups, of which no more have objectives: raise max-groups, or group by something else`))
      } catch (error) {
        // An error, so that alerts of groups that are not known now do not count as gone.
        problems.push(problem('error', `cannot find the groups: ${(error as Error).message.slice(0, 200)}`))
      }
    }
    this.#problems = problems
    return changed || before !== problems.map(({ message }) => message).join('\n')
  }

  async #update(objective: GroupedObjective, nowMs: number): Promise<{ readonly isNew: boolean; readonly isFull: boolean }> {
    const { groups, ingestLagMs, bucketMs } = this.#options
    const { indicator, grouping, period } = objective
    const key = keyOf(objective)
    // An engine that was started again goes on with the groups that were measured, whichever engine did.
    const recalled = this.#known.has(key) ? [] : await groups.recall(groupPattern(objective, bucketMs), nowMs - period.ms, grouping.max)
    const known = this.#known.get(key) ?? { seen: new Map(recalled.map(({ value, lastMs }) => [value, lastMs])), lookedToMs: nowMs - FIRST_LOOK_MS }
    // Twice over what was still on its way at the last look.
    const stretch = { fromMs: Math.max(known.lookedToMs - 2 * ingestLagMs, nowMs - FIRST_LOOK_MS), toMs: nowMs }
    const found = await groups.find(indicator, grouping.by, stretch, 2 * grouping.max)
    known.lookedToMs = nowMs
    const before = this.#known.get(key) === known ? [...known.seen.keys()].join('\n') : ''
    this.#known.set(key, known)
    for (const [value, seenAtMs] of known.seen) if (nowMs - seenAtMs > period.ms) known.seen.delete(value)
    for (const value of found) if (known.seen.has(value) || known.seen.size < grouping.max) known.seen.set(value, nowMs)
    return { isNew: before !== [...known.seen.keys()].join('\n'), isFull: found.some((value) => !known.seen.has(value)) }
  }
}

/** Groups are those of an objective that counts these rows. */
function keyOf({ name, grouping, indicator }: GroupedObjective): string {
  return JSON.stringify([name, grouping.by, indicator.total])
}
