import type { ClickHouse } from '@ballast/clickhouse'
import type { Proof } from '../alert/alert.ts'
import type { BoundQuery, Stretch } from '../measure/bound-query.ts'
import { isRowIndicator } from '../measure/indicator.ts'
import type { Objective } from '../objective/objective.ts'
import { differencesOf, type ValueCounts } from './chi-squared.ts'
import { servicesOf } from './event-filter.ts'
import { badTracesQuery, deploysQuery, valueCountsQuery } from './proof-query.ts'

/** How much a proof holds. */
export const proofDefaults = {
  /** Example traces. */
  traces: 5,
  /** Attributes that differ. */
  differences: 5,
  deploys: 5,
  /** Versions are new when they are younger than this. Milliseconds. */
  deployHorizonMs: 24 * 60 * 60 * 1000,
  /** Time for each of the three questions: an alert does not wait longer. Milliseconds. */
  timeoutMs: 5000,
} as const

/** Gathers what proves an alert: example traces, what differs, new versions. What cannot be had is left out. */
export class Prover {
  readonly #clickhouse: Pick<ClickHouse, 'query'>
  readonly #timeoutMs: number

  constructor(clickhouse: Pick<ClickHouse, 'query'>, timeoutMs: number = proofDefaults.timeoutMs) {
    this.#clickhouse = clickhouse
    this.#timeoutMs = timeoutMs
  }

  /** @param stretch - in which events are looked at: the window that burns. */
  async prove(objective: Objective, stretch: Stretch): Promise<Proof> {
    const [traces, differences, deploys] = await Promise.allSettled([this.#traces(objective, stretch), this.#differences(objective, stretch), this.#deploys(objective, stretch)])
    if ([traces, differences, deploys].every(({ status }) => status === 'rejected')) throw (traces as PromiseRejectedResult).reason
    return { exampleTraceIds: valueOf(traces), differences: valueOf(differences), deploys: valueOf(deploys) }
  }

  async #traces({ indicator }: Objective, stretch: Stretch): Promise<Proof['exampleTraceIds']> {
    if (!isRowIndicator(indicator)) return []
    return (await this.#query<{ traceId: string }>(badTracesQuery(indicator, stretch, proofDefaults.traces))).map(({ traceId }) => traceId)
  }

  async #differences({ indicator }: Objective, stretch: Stretch): Promise<Proof['differences']> {
    if (!isRowIndicator(indicator)) return []
    const rows = await this.#query<{ attribute: string; value: string; bad: string; good: string }>(valueCountsQuery(indicator, stretch))
    const counts: ValueCounts[] = rows.map(({ attribute, value, bad, good }) => ({ attribute, value, bad: Number(bad), good: Number(good) }))
    const totals = counts.find(({ attribute }) => attribute === '')
    return totals === undefined ? [] : differencesOf(counts.filter((count) => count !== totals), totals, proofDefaults.differences)
  }

  async #deploys({ indicator, service }: Objective, { toMs }: Stretch): Promise<Proof['deploys']> {
    const services = [...new Set([service, ...servicesOf(indicator)])]
    const rows = await this.#query<{ service: string; version: string; firstSeenMs: string }>(deploysQuery(services, { fromMs: toMs - proofDefaults.deployHorizonMs, toMs }, proofDefaults.deploys))
    return rows.map(({ service: name, version, firstSeenMs }) => ({ service: name, version, firstSeenAt: new Date(Number(firstSeenMs)).toISOString() }))
  }

  #query<Row>({ query, parameters }: BoundQuery): Promise<readonly Row[]> {
    return this.#clickhouse.query<Row>({ query, params: parameters, settings: { readonly: 1, max_execution_time: Math.ceil(this.#timeoutMs / 1000) }, timeoutMs: this.#timeoutMs })
  }
}

function valueOf<T>(result: PromiseSettledResult<readonly T[]>): readonly T[] {
  return result.status === 'fulfilled' ? result.value : []
}
