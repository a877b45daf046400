import { FieldColorBuilder, FieldColorModeId, type Threshold, ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'

/** One meaning, one colour, on every dashboard. */
export const palette = { good: 'green', warning: 'orange', bad: 'red', neutral: 'blue', muted: 'gray' } as const

/** From which value on a figure is worth a look, and from which it is bad. */
export interface Limits {
  readonly warning?: number
  readonly bad: number
  /** Whether small values are the bad ones: hit ratios, budgets. @default false */
  readonly lowIsBad?: boolean
}

/** Colours by limits; without limits a figure is only information. */
export function thresholds(limits: Limits | undefined): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(limits))
}

/** The colour comes from the limits. */
export function byThresholds(): FieldColorBuilder {
  return new FieldColorBuilder().mode(FieldColorModeId.Thresholds)
}

function steps(limits: Limits | undefined): Threshold[] {
  // The first step has no lower end, which JSON says as null.
  const first = (color: string): Threshold => ({ value: null, color })
  if (limits === undefined) return [first(palette.neutral)]
  const { warning, bad, lowIsBad = false } = limits
  if (lowIsBad) {
    return [first(palette.bad), ...(warning === undefined ? [] : [{ value: bad, color: palette.warning }]), { value: warning ?? bad, color: palette.good }]
  }
  return [first(palette.good), ...(warning === undefined ? [] : [{ value: warning, color: palette.warning }]), { value: bad, color: palette.bad }]
}
