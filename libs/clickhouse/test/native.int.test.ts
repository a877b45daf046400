import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { BlockBuilder, type ClickHouse, createClickHouse, NativeRows, type NativeValue, readNativeRows } from '../src/index.ts'

let client: ClickHouse
let inserts = 0

beforeAll(async () => {
  client = createClickHouse({ url: inject('clickhouseUrl'), database: `native_${process.pid}` })
  const admin = client.withDatabase('default')
  await admin.command({ query: `CREATE DATABASE IF NOT EXISTS ${client.database}` })
  await admin.close()
})

afterAll(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${client.database}` })
  await client.close()
})

/** Inserts values as one Native block, and reads back what ClickHouse writes from its table. */
async function throughClickHouse(type: string, values: readonly NativeValue[]): Promise<NativeValue[]> {
  const table = `t${inserts++}`
  await client.command({ query: `CREATE TABLE ${table} (n UInt32, v ${type}) ENGINE = MergeTree ORDER BY n` })
  const builder = new BlockBuilder([{ name: 'n', type: 'UInt32' }, { name: 'v', type }])
  for (const [n, value] of values.entries()) {
    builder.append('n', n)
    builder.append('v', value)
  }
  await client.insertBlock({ table, columns: ['n', 'v'], format: 'Native', body: builder.finish(), deduplicationToken: table })
  return readNativeRows(await selectNative(`SELECT n, v FROM ${client.database}.${table} ORDER BY n`)).map((row) => row['v']!)
}

async function selectNative(query: string): Promise<Buffer> {
  const settings = 'max_block_size=2000000&max_threads=1&preferred_block_size_bytes=0'
  const response = await fetch(`${inject('clickhouseUrl')}/?${settings}`, { method: 'POST', body: `${query} FORMAT Native` })
  const bytes = Buffer.from(await response.arrayBuffer())
  if (response.status !== 200) throw new Error(bytes.toString())
  return bytes
}

const LONG = 'ä'.repeat(100_000)

describe('ClickHouse has exactly what was written', () => {
  test.each<[string, NativeValue[]]>([
    ['UInt8', [0, 255]],
    ['UInt16', [0, 65_535]],
    ['UInt32', [0, 4_294_967_295]],
    ['UInt64', [0n, 2n ** 64n - 1n]],
    ['Int8', [-128, 127]],
    ['Int16', [-32_768, 32_767]],
    ['Int32', [-2_147_483_648, 2_147_483_647]],
    ['Int64', [-(2n ** 63n), 2n ** 63n - 1n]],
    ['Float64', [0, -0, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE]],
    ['Bool', [true, false]],
    ['String', ['', 'a', 'x'.repeat(39), 'x'.repeat(40), 'x'.repeat(41), 'x'.repeat(127), 'x'.repeat(128), LONG, '\0', '🙂']],
    ['FixedString(4)', ['abcd', 'ab\0\0']],
    ['DateTime', [0, 4_294_967_295]],
    ['DateTime64(9)', [0n, 1_700_000_000_000_000_001n, 4_294_967_295_999_999_999n]],
    [`Enum8('a, (b' = -1, 'it\\'s' = 2)`, [-1, 2]],
    ['LowCardinality(String)', ['', 'a', '', 'b', LONG, 'a']],
    ['Array(Float64)', [[], [1, 2.5], [], [NaN]]],
    ['Array(LowCardinality(String))', [[], [], ['a', 'a'], ['']]],
    ['Array(Array(UInt64))', [[], [[]], [[1n], [], [2n, 3n]]]],
    ['Map(LowCardinality(String), String)', [[], [['a', '']], [['a', '1'], ['b', LONG]]]],
    ['Array(Map(LowCardinality(String), String))', [[], [[]], [[['a', '1']], [], [['b', '2'], ['c', '3']]]]],
    ['Nullable(String)', [null, '', 'a']],
    ['Nullable(Float64)', [null, 0, 1.5]],
  ])('%s', async (type, values) => {
    expect(await throughClickHouse(type, values)).toEqual(values)
  })

  test.each([1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000])('with %i keys in a dictionary', async (keys) => {
    const values = Array.from({ length: keys + 1 }, (_, index) => `key ${index % keys}`)
    expect(await throughClickHouse('LowCardinality(String)', values)).toEqual(values)
  })

  test('in columns whose rows are all empty', async () => {
    for (const type of ['Array(LowCardinality(String))', 'Map(LowCardinality(String), String)', 'Array(Map(LowCardinality(String), String))']) {
      expect(await throughClickHouse(type, [[], []])).toEqual([[], []])
    }
  })

  test('without rows', async () => {
    expect(await throughClickHouse('LowCardinality(String)', [])).toEqual([])
  })

  test('in a million rows', async () => {
    const values = Array.from({ length: 1_000_000 }, (_, index) => BigInt(index) * 1_000_003n)
    expect(await throughClickHouse('UInt64', values)).toEqual(values)
  })
})

test('the bytes are those that ClickHouse itself writes', async () => {
  const theirs = await selectNative(`SELECT toUInt32(number) AS n, [number::String, 'x'] AS a, CAST(number, 'Nullable(String)') AS o FROM numbers(300)`)
  const builder = new BlockBuilder([{ name: 'n', type: 'UInt32' }, { name: 'a', type: 'Array(String)' }, { name: 'o', type: 'Nullable(String)' }])
  for (let n = 0; n < 300; n++) {
    builder.append('n', n)
    builder.append('a', [String(n), 'x'])
    builder.append('o', String(n))
  }
  expect(builder.finish().toString('hex')).toBe(theirs.toString('hex'))
})

test('several blocks go in as one insert', async () => {
  await client.command({ query: 'CREATE TABLE several (v LowCardinality(String)) ENGINE = MergeTree ORDER BY v' })
  const builder = new BlockBuilder([{ name: 'v', type: 'LowCardinality(String)' }])
  const blocks = ['b', 'a'].map((value) => {
    builder.clear()
    builder.append('v', value)
    return builder.finish()
  })
  await client.insertBlock({ table: 'several', columns: ['v'], format: 'Native', body: blocks, deduplicationToken: 'several' })
  expect(await client.query({ query: 'SELECT v FROM several ORDER BY v' })).toEqual([{ v: 'a' }, { v: 'b' }])
})

test('some rows of a block make a block that ClickHouse reads as those rows', async () => {
  const values: NativeValue[][] = [[['k', 'v'], ['l', 'w']], [], [['k', '']], [['m', LONG]]]
  const type = 'Map(LowCardinality(String), String)'
  await client.command({ query: `CREATE TABLE sliced (n UInt32, v ${type}, w Array(LowCardinality(String)), x Nullable(Float64)) ENGINE = MergeTree ORDER BY n` })
  const columns = [{ name: 'n', type: 'UInt32' }, { name: 'v', type }, { name: 'w', type: 'Array(LowCardinality(String))' }, { name: 'x', type: 'Nullable(Float64)' }]
  const builder = new BlockBuilder(columns)
  for (const [n, value] of values.entries()) {
    builder.append('n', n)
    builder.append('v', value)
    builder.append('w', [String(n), 'x'])
    builder.append('x', n === 1 ? null : n / 2)
  }
  const rows = new NativeRows(builder.finish())
  expect(rows.count).toBe(4)
  for (const [start, end] of [[3, 4], [0, 2]] as const) {
    await client.insertBlock({ table: 'sliced', columns: columns.map(({ name }) => name), format: 'Native', body: rows.slice(start, end), deduplicationToken: `sliced ${start}` })
  }
  const stored = readNativeRows(await selectNative(`SELECT * FROM ${client.database}.sliced ORDER BY n`))
  expect(stored).toEqual([0, 1, 3].map((n) => ({ n, v: values[n], w: [String(n), 'x'], x: n === 1 ? null : n / 2 })))
})
