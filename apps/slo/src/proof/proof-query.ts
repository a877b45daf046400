import { tableNames } from '@ballast/clickhouse'
import { type BoundQuery, Parameters, type Stretch, timePredicate } from '../measure/bound-query.ts'
import type { RowIndicator } from '../measure/indicator.ts'
import { eventFilterOf } from './event-filter.ts'

/** Longer values are texts, not marks. */
const MAX_VALUE_LENGTH = 200
/** Values that fewer bad rows have cannot be told from chance, and need not be sent. */
const MIN_BAD_ROWS = 3
const MAX_VALUES = 5000

/** Trace ids of bad events, newest first, each once. */
export function badTracesQuery(indicator: RowIndicator, stretch: Stretch, limit: number): BoundQuery {
  const parameters = new Parameters()
  const { table, scope, bad } = eventFilterOf(indicator, parameters)
  const query = [
    `SELECT TraceId AS traceId FROM ${table}`,
    `WHERE ${scope} AND ${bad} AND TraceId != '' AND ${timePredicate(stretch, parameters)}`,
    `ORDER BY Timestamp DESC LIMIT 1 BY TraceId LIMIT ${parameters.bind('UInt32', limit)}`,
  ].join('\n')
  return { query, parameters: parameters.values }
}

/**
 * How many bad and good rows have each value of each attribute: `attribute, value, bad, good`. The row without attribute and value counts
 * all rows. Rows are counted, not weighted: significance is of what was seen.
 */
export function valueCountsQuery(indicator: RowIndicator, stretch: Stretch): BoundQuery {
  const parameters = new Parameters()
  const { table, attributes, operation, scope, bad } = eventFilterOf(indicator, parameters)
  const query = [
    `SELECT tupleElement(pair, 1) AS attribute, tupleElement(pair, 2) AS value, countIf(isBad) AS bad, countIf(NOT isBad) AS good`,
    `FROM (SELECT (${bad}) AS isBad, arrayConcat([('', ''), ('operation', toString(${operation})), ('tenant', toString(TenantId))],`,
    `  arrayZip(mapKeys(${attributes}), mapValues(${attributes})), arrayZip(mapKeys(ResourceAttributes), mapValues(ResourceAttributes))) AS pairs`,
    `  FROM ${table} WHERE ${scope} AND ${timePredicate(stretch, parameters)})`,
    'ARRAY JOIN pairs AS pair',
    `WHERE length(tupleElement(pair, 2)) <= ${MAX_VALUE_LENGTH}`,
    `GROUP BY attribute, value HAVING bad >= ${MIN_BAD_ROWS} OR attribute = ''`,
    `ORDER BY attribute = '' DESC, bad DESC LIMIT ${MAX_VALUES}`,
  ].join('\n')
  return { query, parameters: parameters.values }
}

/**
 * The versions of services, with the minute in which each was first seen: `service, version, firstSeenMs`, from minutes rolled up. What was
 * already there when the look began is no change, and left out.
 */
export function deploysQuery(services: readonly string[], stretch: Stretch, limit: number): BoundQuery {
  const parameters = new Parameters()
  const at = (ms: number): string => parameters.bind('DateTime', Math.floor(ms / 1000))
  const query = [
    'SELECT service, version, firstSeenMs FROM (',
    '  SELECT toString(ServiceName) AS service, toString(Version) AS version, toUnixTimestamp(min(Time)) * 1000 AS firstSeenMs, min(firstSeenMs) OVER (PARTITION BY service) AS firstOfServiceMs',
    `  FROM ${tableNames.redMinute} WHERE ServiceName IN ${parameters.bind('Array(String)', services)} AND Version != '' AND Time >= ${at(stretch.fromMs)} AND Time < ${at(stretch.toMs)}`,
    '  GROUP BY ServiceName, Version)',
    `WHERE firstSeenMs > firstOfServiceMs ORDER BY firstSeenMs DESC LIMIT ${parameters.bind('UInt32', limit)}`,
  ].join('\n')
  return { query, parameters: parameters.values }
}
