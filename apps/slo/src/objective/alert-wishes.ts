import type { Severity } from '../burn/tier-catalog.ts'

/** Of what an objective's alert policies want people told. What they do not say is as the catalogue has it. */
export interface AlertWishes {
  /** That the budget burns, is low, or will be gone soon. @default true */
  readonly breaching?: boolean
  /** That an alert is over. @default true */
  readonly resolved?: boolean
  /** That events stay away. @default what the catalogue says */
  readonly noData?: boolean
}

/** Whom one alert policy wants told. */
export interface Notify {
  /** The severity of its condition. */
  readonly severity: Severity
  /** Whether its targets are told of alerts of that severity. */
  readonly breaching: boolean
  /** Whether they are told that events stay away, whatever the severity of that is. */
  readonly noData: boolean
  /** Names of targets. */
  readonly targets: readonly string[]
}

/** The targets that policies name for an alert; `undefined` when none of them is about it. */
export function targetsOf(notify: readonly Notify[], { kind, severity }: { readonly kind: string; readonly severity: Severity }): readonly string[] | undefined {
  const asked = kind === 'no-data' ? notify.filter(({ noData }) => noData) : []
  const policies = asked.length > 0 ? asked : notify.filter((each) => each.breaching && each.severity === severity)
  return policies.length === 0 ? undefined : [...new Set(policies.flatMap(({ targets }) => targets))]
}
