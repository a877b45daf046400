import { decimalText } from '../burn/fraction.ts'
import { needOf } from '../objective/objective-needs.ts'
import type { Evaluation } from '../objective/evaluation.ts'
import type { Objective } from '../objective/objective.ts'
import { type Change, type ChangeKind, type ChangeLog, correctionDefinition, definitionsOf, objectiveDefinition, revisionsOf } from './change.ts'

/** Knows what definitions said before: gives objectives their older targets, and keeps what changes, with the budgets before and after. */
export class ChangeKeeper {
  readonly #log: ChangeLog
  readonly #bucketMs: number
  #changes: readonly Change[] | undefined
  /** Found, and to be kept once the budgets after them are known. */
  #found: readonly Change[] = []

  constructor(log: ChangeLog, bucketMs: number) {
    this.#log = log
    this.#bucketMs = bucketMs
  }

  /**
   * Compares definitions with those before, and gives the objectives with the targets that they had.
   *
   * @param removable - whether a definition that is not there is gone, and not only in a file with an error.
   */
  async adopt(objectives: readonly Objective[], before: readonly Evaluation[], { nowMs, removable, signal }: { readonly nowMs: number; readonly removable: boolean; readonly signal: AbortSignal }): Promise<readonly Objective[]> {
    this.#changes ??= await this.#log.read(signal)
    const known = [...this.#changes, ...this.#found]
    const definitions = { objective: new Map(objectives.map((each) => [each.name, this.#definition(each)])), correction: new Map(objectives.flatMap(({ corrections }) => corrections.map((each) => [each.name, correctionDefinition(each)] as const))) }
    const found = (['objective', 'correction'] as const).flatMap((kind) => differences(kind, definitionsOf(known, kind), definitions[kind], removable).map((change): Change => ({ ...change, sequence: countOf(known, change), atMs: nowMs, budgetBefore: budgetsOf(change, before), budgetAfter: {} })))
    this.#found = [...this.#found, ...found]
    const all = [...known, ...found]
    return objectives.map((each) => {
      const revisions = revisionsOf(all, each.name, this.#definition(each))
      return revisions.length === 0 || each.composite !== undefined ? each : { ...each, revisions }
    })
  }

  /** Keeps what was found, now that it is known what it made of the budgets. What cannot be kept is tried again at the next tick. */
  async keep(evaluations: readonly Evaluation[], signal: AbortSignal): Promise<void> {
    if (this.#found.length === 0) return
    // Another replica may have found the same and been faster; one that is as fast writes the same change.
    const kept = await this.#log.read(signal)
    const isKept = ({ kind, name, action, definition }: Change): boolean => (action === 'removed' ? !definitionsOf(kept, kind).has(name) : definitionsOf(kept, kind).get(name) === definition)
    const found: Change[] = []
    for (const change of this.#found) {
      if (!isKept(change)) found.push({ ...change, sequence: countOf(kept, change) + countOf(found, change), budgetAfter: budgetsOf(change, evaluations) })
    }
    if (found.length > 0) await this.#log.append(found, signal)
    this.#changes = [...kept, ...found]
    this.#found = []
  }

  #definition(objective: Objective): string {
    const idOf = (each: Objective): string => needOf(each, this.#bucketMs, 0).series.id
    const { composite } = objective
    const series = composite === undefined ? idOf(objective) : JSON.stringify([composite.combination, composite.parts.map((part) => [idOf(part.objective), decimalText(part.weight)])])
    return objectiveDefinition({ ...objective, series })
  }
}

function differences(kind: ChangeKind, before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>, removable: boolean): Pick<Change, 'kind' | 'name' | 'action' | 'definition'>[] {
  const written = [...now].flatMap(([name, definition]) => {
    const old = before.get(name)
    return old === definition ? [] : [{ kind, name, action: old === undefined ? ('added' as const) : ('changed' as const), definition }]
  })
  const gone = removable ? [...before].filter(([name]) => !now.has(name)) : []
  return [...written, ...gone.map(([name, definition]) => ({ kind, name, action: 'removed' as const, definition }))]
}

function countOf(changes: readonly Change[], { kind, name }: Pick<Change, 'kind' | 'name'>): number {
  return changes.filter((change) => change.kind === kind && change.name === name).length
}

/** Budgets of the objectives that a change is about. */
function budgetsOf({ kind, name, definition }: Pick<Change, 'kind' | 'name' | 'definition'>, evaluations: readonly Evaluation[]): Record<string, number> {
  const names = new Set(kind === 'objective' ? [name] : (JSON.parse(definition) as { readonly slos: readonly string[] }).slos)
  const concerned = evaluations.filter(({ objective }) => names.has(objective.name) || (kind === 'correction' && names.has(objective.slo)))
  return Object.fromEntries(concerned.flatMap(({ objective, budgetRemaining }) => (budgetRemaining === undefined ? [] : [[objective.name, budgetRemaining] as const])))
}
