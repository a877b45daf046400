import { complement, type Fraction, parseDecimal } from '../burn/fraction.ts'
import type { Window } from '../burn/window.ts'
import { type Budgeting, occurrences } from '../objective/budgeting.ts'
import { readDuration } from './time-window.ts'
import type { YamlField } from './yaml-field.ts'

const methods = ['Occurrences', 'Timeslices', 'RatioTimeslices'] as const
const HOUR_MS = 3_600_000

/** Reads `budgetingMethod`. */
export function readMethod(field: YamlField): Budgeting['method'] | undefined {
  return field.choice(methods)
}

/** Reads how the budget of one objective is counted. */
export function readBudgeting(objective: YamlField, method: Budgeting['method']): Budgeting | undefined {
  const [target, window] = [objective.get('timeSliceTarget'), objective.get('timeSliceWindow')]
  if (method === 'Occurrences') {
    for (const field of [target, window]) if (field.given) return field.refuse('has a meaning for slices of time only', 'budgetingMethod: Timeslices, budgetingMethod: RatioTimeslices')
    return occurrences
  }
  const sliceMs = readSliceWindow(window)
  if (sliceMs === undefined) return undefined
  if (method === 'RatioTimeslices') {
    return target.given ? target.refuse('has no meaning for RatioTimeslices, in which a slice counts by its ratio', 'nothing') : { method, sliceMs }
  }
  const sliceTarget = readSliceTarget(target)
  return sliceTarget && { method, sliceMs, sliceTarget }
}

/** Reads how long a slice is, milliseconds. */
export function readSliceWindow(window: YamlField): number | undefined {
  const duration = window.given ? readDuration(window) : window.miss('a slice such as 1m')
  if (duration === undefined || HOUR_MS % duration.ms === 0) return duration?.ms
  return window.refuse('does not divide an hour', '1m, 2m, 5m, 10m, 15m, 30m, 1h')
}

/** Whether slices are whole buckets; says so when they are not. */
export function slicesFit(sliceMs: number, bucket: Window, window: YamlField): boolean {
  if (sliceMs % bucket.ms === 0) return true
  window.refuse(`is not a whole number of the engine's buckets of ${bucket.text}`, `a multiple of ${bucket.text}`)
  return false
}

function readSliceTarget(field: YamlField): Fraction | undefined {
  const allowed = 'a decimal above 0 and up to 1, such as 0.95'
  if (!field.given) return field.miss(allowed)
  const value = parseDecimal(field.digits() ?? '')
  if (value === undefined) return field.refuse('is not a plain decimal', allowed)
  return value.numerator > 0n && complement(value).numerator >= 0n ? value : field.refuse('', allowed)
}
