import type { Column, TableDefinition } from '../schema/table.ts'

const series: Column = { name: 'Series', type: 'String', codec: 'ZSTD(1)' }
const time: Column = { name: 'Time', type: 'DateTime', codec: 'Delta(4), ZSTD(1)' }
const version: Column = { name: 'Version', type: 'UInt64', codec: 'Delta(8), ZSTD(1)' }
const count = (name: string): Column => ({ name, type: 'UInt64', codec: 'T64, ZSTD(1)' })

/** `Good` and `Total` are weighted by the sample rate; `Rows` and `BadRows` are the rows that they were counted from. */
const counts: readonly Column[] = [count('Good'), count('Total'), count('Rows'), count('BadRows')]

/**
 * What both roll-ups share: rows are replaced by newer ones of the same series and time, so that measuring again is harmless. A person asks
 * for a few rows of one series, which lie in many places: small granules, so that each place is small.
 */
const rollUp = { indexes: [], engine: 'ReplacingMergeTree', versionColumn: 'Version', settings: { index_granularity: 1024 }, shardingKey: 'cityHash64(Series)', since: 3 } as const

/**
 * Good and total events of each series by bucket (`Time` is its start). A bucket without events has no row. The quarter of an hour stands
 * first in the sort key: engines read all series at one time, people one series over an hour, which then lies in four places.
 */
export const ballastSloMinute: TableDefinition = {
  ...rollUp,
  name: 'ballast_slo_minute',
  columns: [series, time, ...counts, { name: 'Final', type: 'Bool', codec: 'ZSTD(1)' }, version],
  partitionBy: 'toDate(Time)',
  orderBy: '(toStartOfFifteenMinutes(Time), Series, Time)',
  // Rolling windows of a quarter need the minutes at their beginning.
  ttl: 'Time + toIntervalDay(100)',
}

/** The same by hour, made of the minutes once they are final: long windows are answered from here. */
export const ballastSloHour: TableDefinition = {
  ...rollUp,
  name: 'ballast_slo_hour',
  columns: [series, time, ...counts, version],
  partitionBy: 'toYYYYMM(Time)',
  orderBy: '(Series, Time)',
  ttl: 'Time + toIntervalDay(800)',
}

/** From when to when each series is measured for good, and what it counts. */
export const ballastSloSeries: TableDefinition = {
  ...rollUp,
  name: 'ballast_slo_series',
  columns: [
    series,
    { name: 'Definition', type: 'String', codec: 'ZSTD(1)' },
    { name: 'MeasuredFrom', type: 'DateTime', codec: 'ZSTD(1)' },
    { name: 'FinalTo', type: 'DateTime', codec: 'ZSTD(1)' },
    version,
  ],
  orderBy: 'Series',
}

/**
 * What changed in objectives and corrections, and when: the audit, and what old targets are known from. Kept. A change is known by how many
 * changes of its definition came before it: what several engines find at once is one change, and the first to say so stays.
 */
export const ballastSloChanges: TableDefinition = {
  name: 'ballast_slo_changes',
  columns: [
    { name: 'ChangedAt', type: 'DateTime64(3)', codec: 'Delta(8), ZSTD(1)' },
    { name: 'Sequence', type: 'UInt32', codec: 'ZSTD(1)' },
    { name: 'Kind', type: `Enum8('objective' = 1, 'correction' = 2)`, codec: 'ZSTD(1)' },
    { name: 'Name', type: 'String', codec: 'ZSTD(1)' },
    { name: 'Action', type: `Enum8('added' = 1, 'changed' = 2, 'removed' = 3)`, codec: 'ZSTD(1)' },
    { name: 'Definition', type: 'String', codec: 'ZSTD(1)' },
    { name: 'BudgetBefore', type: 'Map(String, Float64)', codec: 'ZSTD(1)' },
    { name: 'BudgetAfter', type: 'Map(String, Float64)', codec: 'ZSTD(1)' },
    // Higher for what was said earlier.
    { ...version, default: '18446744073709551615 - toUnixTimestamp64Milli(ChangedAt)' },
  ],
  indexes: [],
  engine: 'ReplacingMergeTree',
  versionColumn: 'Version',
  orderBy: '(Kind, Name, Sequence)',
  shardingKey: 'cityHash64(Name)',
  since: 3,
}
