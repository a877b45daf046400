import type { Fraction } from '../burn/fraction.ts'
import type { BurnCondition, Tier } from '../burn/tier.ts'
import type { Period } from '../calendar/period.ts'
import type { Correction } from '../corrections/correction.ts'
import type { GroupBy, Indicator } from '../measure/indicator.ts'
import type { AlertWishes, Notify } from './alert-wishes.ts'
import type { Budgeting, NoTraffic } from './budgeting.ts'
import type { Weighing } from './composite.ts'
import type { Gates } from './gates.ts'

/** A target that held from one moment to another, milliseconds since the epoch. */
export interface Revision {
  readonly fromMs: number
  readonly toMs: number
  readonly budget: Fraction
}

/** An objective over other objectives: each as it is, but with the windows of the whole. */
export interface Composite extends Weighing {
  readonly parts: readonly { readonly objective: Objective; readonly weight: Fraction }[]
}

/** That an objective has one of its own for each group of its rows. */
export interface Grouping {
  readonly by: GroupBy
  /** Groups that get an objective at most: the busiest of those that are there when it is first looked. */
  readonly max: number
}

/** One objective, ready to be evaluated: references resolved, decimals exact, tiers scaled. */
export interface Objective {
  /** Unique: the SLO's name; with `.` and the objective's when the SLO has several. */
  readonly name: string
  /** `metadata.name` of the SLO. */
  readonly slo: string
  readonly service: string
  readonly displayName: string | undefined
  /** Share of events that should be good, below 1. */
  readonly target: Fraction
  /** Share of events that may be bad: 1 − target. */
  readonly budget: Fraction
  /** What the budget is for. */
  readonly period: Period
  readonly indicator: Indicator
  readonly budgeting: Budgeting
  readonly noTraffic: NoTraffic
  readonly gates: Gates
  readonly tiers: readonly Tier[]
  /** What its alert policies watch for; its tiers are then made of these. */
  readonly conditions?: readonly BurnCondition[]
  /** What is left out of it. */
  readonly corrections: readonly Correction[]
  /** Targets that it had before: events of their time are judged by them. */
  readonly revisions: readonly Revision[]
  /** Of an objective over other objectives: it is not measured itself. */
  readonly composite?: Composite
  /** What its alert policies say; nothing without any. */
  readonly wishes?: AlertWishes
  /** Whom its alert policies want told; what they do not cover goes by the routes. */
  readonly notify?: readonly Notify[]
  /** Whether each group of its rows has an objective of its own beside it. */
  readonly grouping?: Grouping
  /** Of the objective of one group: the objective of all, and which group it is. */
  readonly group?: { readonly of: string; readonly value: string }
  readonly runbookUrl: string | undefined
}
