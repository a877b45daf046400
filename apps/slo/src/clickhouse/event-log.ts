import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { z } from 'zod'
import type { AlertLog } from '../alert/alert-log.ts'
import { type AlertData, alertKinds, type AlertNotice, alertDataSchema } from '../alert/alert.ts'
import { severities } from '../burn/tier-catalog.ts'
import { deliveryId } from '../outbox/delivery.ts'

const eventRow = z.object({
  kind: z.enum(alertKinds),
  objective: z.string(),
  severity: z.enum(severities),
  alertId: z.string(),
  tier: z.string(),
  state: z.enum(['firing', 'resolved']),
  startedAtMs: z.coerce.number(),
  atMs: z.coerce.number(),
  details: z.string(),
})

const LATEST = `
SELECT Slo AS objective, Severity AS severity, Kind AS kind,
  argMax(AlertId, EventTime) AS alertId, argMax(Tier, EventTime) AS tier, argMax(State, EventTime) AS state,
  toUnixTimestamp64Milli(argMax(StartedAt, EventTime)) AS startedAtMs, toUnixTimestamp64Milli(max(EventTime)) AS atMs,
  argMax(Details, EventTime) AS details
FROM ${tableNames.sloEvents}
WHERE Severity IN {severities:Array(String)}
GROUP BY Slo, Severity, Kind`

/** Transitions of one objective that are read at most. */
const MAX_PAST = 20

const PAST = `
SELECT Slo AS objective, Severity AS severity, Kind AS kind, AlertId AS alertId, Tier AS tier, State AS state,
  toUnixTimestamp64Milli(StartedAt) AS startedAtMs, toUnixTimestamp64Milli(EventTime) AS atMs, '' AS details
FROM ${tableNames.sloEvents}
WHERE Slo = {objective:String} AND Severity IN {severities:Array(String)}
ORDER BY EventTime DESC LIMIT ${MAX_PAST}`

/** Transitions as rows of `ballast_slo_events`; `Slo` is the objective's name. */
export class EventLog implements AlertLog {
  readonly #clickhouse: ClickHouse
  readonly #token: () => number

  /** @param token - the fencing token of who writes: rows of two leaders can be told apart. */
  constructor(clickhouse: ClickHouse, token: () => number) {
    this.#clickhouse = clickhouse
    this.#token = token
  }

  async append(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const { alert, atMs, state, data } = notice
    const row = {
      EventTime: secondsText(atMs),
      AlertId: alert.id,
      Slo: alert.objective,
      Severity: alert.severity,
      Tier: alert.tier,
      State: state,
      StartedAt: secondsText(alert.startedAtMs),
      Details: JSON.stringify(data),
      Kind: alert.kind,
      Fence: this.#token(),
    }
    // The deduplication token makes a repeated insert, after an answer that was lost, count once.
    const body = new TextEncoder().encode(`${JSON.stringify(row)}\n`)
    await this.#clickhouse.insertBlock({ table: tableNames.sloEvents, columns: Object.keys(row), format: 'JSONEachRow', body, deduplicationToken: deliveryId(notice, 'history'), signal })
  }

  async latest(signal: AbortSignal): Promise<readonly AlertNotice[]> {
    const rows = await this.#clickhouse.query<unknown>({ query: LATEST, params: { severities: [...severities] }, settings: { readonly: 1 }, signal })
    return rows.map((row) => noticeOf(eventRow.parse(row)))
  }

  /** The last transitions of an objective, newest first, without their details. */
  async past(objective: string, timeoutMs: number): Promise<readonly AlertNotice[]> {
    const rows = await this.#clickhouse.query<unknown>({ query: PAST, params: { objective, severities: [...severities] }, settings: { readonly: 1 }, timeoutMs })
    return rows.map((row) => noticeOf(eventRow.parse(row)))
  }
}

function noticeOf({ kind, objective, severity, alertId, tier, state, startedAtMs, atMs, details }: z.infer<typeof eventRow>): AlertNotice {
  const alert = { id: alertId, kind, objective, severity, tier, startedAtMs }
  return { state, alert, atMs, data: readDetails(details) ?? bareData(alert) }
}

function readDetails(details: string): AlertData | undefined {
  try {
    return alertDataSchema.safeParse(JSON.parse(details)).data
  } catch {
    return undefined
  }
}

/** What the columns alone say, for a row whose details cannot be read: the alert is still known, and still resolves. */
function bareData(alert: AlertNotice['alert']): AlertData {
  return {
    alertId: alert.id,
    kind: alert.kind,
    summary: `${alert.objective}: ${alert.tier}`,
    slo: alert.objective,
    objective: alert.objective,
    service: '',
    severity: alert.severity,
    tier: alert.tier,
    target: '',
    period: '',
    startedAt: new Date(alert.startedAtMs).toISOString(),
    good: 0,
    bad: 0,
    total: 0,
    burn: null,
    burnRates: {},
    budgetRemaining: null,
    timeToExhaustionMs: null,
    exampleTraceIds: [],
    differences: [],
    deploys: [],
    links: { console: null, dashboard: null, runbook: null },
    runbookUrl: null,
  }
}

/** A time as ClickHouse reads it into a DateTime64(3) whatever its time zone: seconds since the epoch. */
function secondsText(ms: number): string {
  return (ms / 1000).toFixed(3)
}
