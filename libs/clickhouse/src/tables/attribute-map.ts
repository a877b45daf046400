import type { Column, SkipIndex } from '../schema/table.ts'

/** Type of every attribute column. Writers sort the keys: unsorted maps compress badly and split groups. */
export const ATTRIBUTE_MAP = 'Map(LowCardinality(String), String)'

/** An attribute column. */
export function attributeMap(name: string): Column {
  return { name, type: ATTRIBUTE_MAP, codec: 'ZSTD(1)' }
}

/** `key=value` strings of an attribute column, so that `has(<name>, 'key=value')` is answered from a text index. */
export function attributeItems(name: string, map: string): Column {
  return { name, type: 'Array(String)', alias: `arrayMap((k, v) -> concat(k, '=', v), mapKeys(${map}), mapValues(${map}))` }
}

/** A text index over whole array items. */
export function itemsIndex(name: string, expression: string): SkipIndex {
  return { name, expression, type: `text(tokenizer = 'array')` }
}

/** A Bloom filter over each granule. */
export function bloomIndex(name: string, expression: string, falsePositiveRate: number): SkipIndex {
  return { name, expression, type: `bloom_filter(${falsePositiveRate}) GRANULARITY 1` }
}

/** The tenant a row belongs to. */
export const tenantId: Column = { name: 'TenantId', type: 'LowCardinality(String)', default: `'default'`, codec: 'ZSTD(1)' }

/** How many records of the source this row stands for: counts are sums of it. */
export const sampleRate: Column = { name: 'SampleRate', type: 'UInt64', default: '1', codec: 'T64, ZSTD(1)' }

/** Rows older than this are dropped, whole parts at a time. */
export const RETENTION = 'toIntervalDay(30)'
