import { DURATION_BUCKETS_PER_DOUBLING, tableNames } from '@ballast/clickhouse'

/** Longest range that is read from minutes; above it the hours are read. Seconds. */
const MINUTES_UP_TO_S = 86_400
/** How far back from the end of the range raw rows are read. Hours. */
const RAW_HOURS = 6

const WIDE = `$__toTime - $__fromTime > ${MINUTES_UP_TO_S}`

/**
 * Width of a chart's step: the panel's interval, rounded up to whole minutes or hours, because the roll-ups hold nothing finer. Seconds.
 */
export const STEP = `if(${WIDE}, intDiv($__interval_s + 3599, 3600) * 3600, intDiv($__interval_s + 59, 60) * 60)`

/** Start of the step that a row of a roll-up belongs to. */
export const BUCKET = `toStartOfInterval(Time, toIntervalSecond(${STEP}))`

/** Length of the dashboard's range, seconds. */
export const RANGE = '($__toTime - $__fromTime)'

/** A roll-up in two steps. */
export type RollUpName = 'red' | 'metrics'

/**
 * Rows of a roll-up within the range, from the step that fits it. The other half of the union has a condition that is known to be false before
 * anything is read.
 *
 * @param from - first moment, when it is not the range's own: for comparing with the time before.
 */
export function rollUpRows(name: RollUpName, columns: string, where: string, range = '$__timeFilter(Time)'): string {
  const half = (table: string, condition: string): string => `SELECT ${columns} FROM ${table} WHERE ${condition} AND ${range} AND ${where}`
  return `(${half(tableNames[`${name}Minute`], `NOT (${WIDE})`)} UNION ALL ${half(tableNames[`${name}Hour`], WIDE)})`
}

/** The time as long before the range as the range is long. */
export const PREVIOUS_RANGE = `Time >= $__fromTime - ${RANGE} AND Time < $__fromTime`

/** Raw rows: only of the last hours of the range, so that a long range never reads more than that. */
export function recent(column: string): string {
  return `$__timeFilter(${column}) AND ${column} >= $__toTime - INTERVAL ${RAW_HOURS} HOUR`
}

/** A condition that is left out when a variable stands at All. */
export function chosen(expression: string, variable: string): string {
  return `$__conditionalAll(${expression} IN (\${${variable}:singlequote}), $${variable})`
}

/**
 * Quantile of durations, seconds, from the summed buckets of `ballast_red_*`: the middle of the bucket that holds it.
 */
export function durationQuantile(level: number, durations = 'sumMap(Durations)'): string {
  const cumulated = `arrayCumSum(mapValues(${durations}))`
  const bucket = `mapKeys(${durations})[arrayFirstIndex(n -> n >= ${level} * arraySum(mapValues(${durations})), ${cumulated})]`
  return `if(empty(${durations}), NULL, exp2((${bucket} + 0.5) / ${DURATION_BUCKETS_PER_DOUBLING}) / 1e9)`
}

/** How many durations are below a limit, seconds; right to the width of a bucket. */
export function durationsBelow(seconds: string, durations = 'sumMap(Durations)'): string {
  return `arraySum(mapValues(mapFilter((bucket, n) -> exp2((bucket + 0.5) / ${DURATION_BUCKETS_PER_DOUBLING}) / 1e9 <= ${seconds}, ${durations})))`
}

/** `numerator / denominator`, or NULL when there is nothing to divide by: no data is not zero. */
export function ratio(numerator: string, denominator: string): string {
  return `(${numerator}) / nullIf(${denominator}, 0)`
}

/** Series with a name of their own in a chart; the rest is `other`. */
const NAMED_SERIES = 7

/**
 * The largest series by name, the rest as `other`. Reads the source twice: where that is dear, {@link placed} reads it once.
 *
 * @param source - rows with the label and the amount.
 */
export function topOrOther(label: string, amount: string, source: string): string {
  return `if(${label} IN (SELECT ${label} FROM ${source} GROUP BY ${label} ORDER BY sum(${amount}) DESC, ${label} LIMIT ${NAMED_SERIES}), ${label}, 'other')`
}

/**
 * Rows with the `Place` of their label among all, the largest first, for {@link PLACED_SERIES}.
 *
 * @param rows - one row for each `time` and `label`, with the amount.
 */
export function placed(rows: string, amount: string): string {
  return `(SELECT *, dense_rank() OVER (ORDER BY Whole DESC, label) AS Place FROM (SELECT *, sum(${amount}) OVER (PARTITION BY label) AS Whole FROM ${rows}))`
}

/** The largest series of {@link placed} by name, the rest as `other`. */
export const PLACED_SERIES = `if(Place <= ${NAMED_SERIES}, label, 'other')`
