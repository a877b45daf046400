import type { Fraction } from '../burn/fraction.ts'
import type { Indicator } from '../measure/indicator.ts'

/**
 * What the budget is a budget of. `Occurrences`: events. `Timeslices`: slices of time, each good or bad by its own ratio.
 * `RatioTimeslices`: the mean of the slices' ratios, so that a quiet slice counts as much as a busy one.
 */
export type Budgeting =
  | { readonly method: 'Occurrences' }
  | {
      readonly method: 'Timeslices'
      readonly sliceMs: number
      readonly sliceTarget: Fraction
      /** A slice is bad, too, when it is bad for one of these: the union of their bad time. */
      readonly others?: readonly { readonly indicator: Indicator; readonly sliceTarget: Fraction }[]
    }
  | { readonly method: 'RatioTimeslices'; readonly sliceMs: number }

/** What no events at all mean: nothing, all is well, all is broken, or whatever was last. */
export const noTrafficMeanings = ['ignore', 'good', 'bad', 'hold'] as const
export type NoTraffic = (typeof noTrafficMeanings)[number]

/** One event, one unit: the default. */
export const occurrences: Budgeting = { method: 'Occurrences' }
