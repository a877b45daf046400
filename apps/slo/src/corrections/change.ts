import { complement, decimalText, parseDecimal } from '../burn/fraction.ts'
import type { Objective, Revision } from '../objective/objective.ts'
import type { Correction } from './correction.ts'

/** Kinds of definition whose changes are kept. */
export type ChangeKind = 'objective' | 'correction'

/** A change of a definition: who looks at a budget later sees why it moved. */
export interface Change {
  readonly atMs: number
  readonly kind: ChangeKind
  readonly name: string
  /** Changes of this kind and name that came before: with them it is the identity of a change. */
  readonly sequence: number
  readonly action: 'added' | 'changed' | 'removed'
  /** What it says now, as JSON; what it said last, when it was removed. */
  readonly definition: string
  /** Budgets that are left, by objective, by the definitions before and after. */
  readonly budgetBefore: Readonly<Record<string, number>>
  readonly budgetAfter: Readonly<Record<string, number>>
}

/** Where changes are kept. */
export interface ChangeLog {
  /** All changes, oldest first. */
  read(signal: AbortSignal): Promise<readonly Change[]>
  /** Of changes with the same identity the earliest stays. */
  append(changes: readonly Change[], signal: AbortSignal): Promise<void>
}

/** What an objective says, as far as its budget depends on it. */
export function objectiveDefinition({ target, period, series }: Pick<Objective, 'target' | 'period'> & { readonly series: string }): string {
  return JSON.stringify({ target: decimalText(target), period, series })
}

/** What a correction says. */
export function correctionDefinition(correction: Correction): string {
  return JSON.stringify(correction)
}

/** The last definition of each name that is not removed. */
export function definitionsOf(changes: readonly Change[], kind: ChangeKind): ReadonlyMap<string, string> {
  const definitions = new Map<string, string>()
  for (const change of changes) {
    if (change.kind !== kind) continue
    if (change.action === 'removed') definitions.delete(change.name)
    else definitions.set(change.name, change.definition)
  }
  return definitions
}

/** The targets that an objective had while it counted the same events over the same period as now, oldest first. */
export function revisionsOf(changes: readonly Change[], name: string, now: string): Revision[] {
  const mine = changes.filter((change) => change.kind === 'objective' && change.name === name)
  const current = JSON.parse(now) as Definition
  return mine.flatMap((change, index) => {
    const next = mine[index + 1]
    const { target, period, series } = JSON.parse(change.definition) as Definition
    const parsed = parseDecimal(target)
    if (next === undefined || change.action === 'removed' || parsed === undefined) return []
    if (series !== current.series || JSON.stringify(period) !== JSON.stringify(current.period) || target === current.target) return []
    // The first target is also that of the time before anybody wrote it down.
    return { fromMs: index === 0 ? 0 : change.atMs, toMs: next.atMs, budget: complement(parsed) }
  })
}

interface Definition {
  readonly target: string
  readonly period: unknown
  readonly series: string
}
