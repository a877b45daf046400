import { type Matcher, matchesAll } from '../alert/matcher.ts'

/** Whom else to tell when nobody has acknowledged an alert for a while. */
export interface EscalationStep {
  readonly afterMs: number
  readonly targets: readonly string[]
}

/** Whom to tell of the alerts that match. */
export interface Route {
  readonly matchers: readonly Matcher[]
  readonly targets: readonly string[]
  /** In the order of `afterMs`. */
  readonly escalation: readonly EscalationStep[]
  /** A target hears of the same objective, kind and severity at most once in this time. Milliseconds, 0 for always. */
  readonly throttleMs: number
}

/** A route to nobody: the history knows of the alert nevertheless. */
const nowhere: Route = { matchers: [], targets: [], escalation: [], throttleMs: 0 }

/** The first route whose matchers all hold; without any, nobody is told. */
export function routeOf(routes: readonly Route[], labels: Readonly<Record<string, string>>): Route {
  return routes.find(({ matchers }) => matchesAll(matchers, labels)) ?? nowhere
}
