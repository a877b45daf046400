import type { Column, MaterializedViewDefinition, TableDefinition } from '../schema/table.ts'
import { tenantId } from './attribute-map.ts'

/** What a roll-up is made of; see {@link rollUp}. */
export interface RollUpOptions {
  /** Name without its step: `ballast_red` gives `ballast_red_minute` and `ballast_red_hour`. */
  readonly name: string
  /** What rows are told apart by, beside the tenant and the time: first what queries filter by first. */
  readonly keys: readonly Column[]
  /** Sums, minima and maxima, as `SimpleAggregateFunction` columns: adding rows up never needs to know how they came about. */
  readonly measures: readonly Column[]
  /** How many of `keys` stand before the hour in the sort key. */
  readonly keysBeforeTime: number
  readonly shardingKey: string
}

/**
 * Rows between two marks of the index. A query wants a few minutes of a few names, and reads whole granules: of the default of 8192 rows nine in
 * ten would be read for nothing.
 */
const INDEX_GRANULARITY = 1024

/** A roll-up in two steps: minutes, kept for two weeks, and hours, kept for thirteen months, filled from the minutes. */
export interface RollUp {
  readonly minute: TableDefinition
  readonly hour: TableDefinition
  readonly hourView: MaterializedViewDefinition
}

/** Makes the tables of a roll-up and the view between them. What fills the minutes is a view of its own. */
export function rollUp(options: RollUpOptions): RollUp {
  const minute = step(options, 'minute', { partitionBy: 'toDate(Time)', keptDays: 14 })
  const hour = step(options, 'hour', { partitionBy: 'toYYYYMM(Time)', keptDays: 400 })
  const keys = ['TenantId', ...options.keys.map(({ name }) => name)].join(', ')
  const measures = options.measures.map(({ name, type }) => `${aggregateOf(type)}(${name}) AS ${name}`)
  return {
    minute,
    hour,
    hourView: {
      name: `${options.name}_hour_mv`,
      source: minute,
      target: hour,
      select: [`SELECT ${keys}, toStartOfHour(Minute) AS Time, ${measures.join(', ')}`, `FROM (SELECT *, Time AS Minute FROM {source})`, `GROUP BY ${keys}, Time`].join('\n'),
      since: 2,
    },
  }
}

function step(options: RollUpOptions, name: 'minute' | 'hour', kept: { readonly partitionBy: string; readonly keptDays: number }): TableDefinition {
  const keys = options.keys.map((key) => key.name)
  const day = name === 'minute' ? 'toStartOfHour(Time)' : 'toStartOfDay(Time)'
  const primaryKey = ['TenantId', ...keys.slice(0, options.keysBeforeTime), day]
  return {
    name: `${options.name}_${name}`,
    columns: [tenantId, ...options.keys, { name: 'Time', type: 'DateTime', codec: 'Delta(4), ZSTD(1)' }, ...options.measures],
    indexes: [],
    engine: 'AggregatingMergeTree',
    partitionBy: kept.partitionBy,
    // The index ends with the time, so that it does not hold whole maps of attributes in memory.
    primaryKey: `(${primaryKey.join(', ')})`,
    orderBy: `(${[...primaryKey, ...keys.slice(options.keysBeforeTime), 'Time'].join(', ')})`,
    ttl: `Time + toIntervalDay(${kept.keptDays})`,
    settings: { index_granularity: INDEX_GRANULARITY },
    shardingKey: options.shardingKey,
    since: 2,
  }
}

/** `sum` of `SimpleAggregateFunction(sum, UInt64)`. */
function aggregateOf(type: string | undefined): string {
  return /^SimpleAggregateFunction\((\w+),/.exec(type ?? '')![1]!
}

/** A column that adds up. */
export function summed(name: string, type = 'UInt64'): Column {
  return { name, type: `SimpleAggregateFunction(sum, ${type})`, codec: 'ZSTD(1)' }
}

/** A column whose smallest or largest value is kept. */
export function extreme(kind: 'min' | 'max', name: string, type: string): Column {
  return { name, type: `SimpleAggregateFunction(${kind}, ${type})`, codec: 'ZSTD(1)' }
}

/** A text with few values. */
export function label(name: string): Column {
  return { name, type: 'LowCardinality(String)', codec: 'ZSTD(1)' }
}
