import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ClickHouse, createClickHouse } from '../src/index.ts'

let client: ClickHouse

beforeAll(async () => {
  client = createClickHouse({ url: inject('clickhouseUrl'), database: `client_${process.pid}` })
  const admin = client.withDatabase('default')
  await admin.command({ query: `CREATE DATABASE IF NOT EXISTS ${client.database}` })
  await admin.close()
  await client.command({ query: 'CREATE TABLE numbers (n UInt64, t String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100' })
})

afterAll(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${client.database}` })
  await client.close()
})

test('a block goes in as text or as RowBinary, in chunks, with its columns in its own order', async () => {
  await client.insertBlock({ table: 'numbers', columns: ['t', 'n'], format: 'JSONEachRow', body: [Buffer.from('{"t":"a",'), Buffer.from('"n":"18446744073709551615"}\n')], deduplicationToken: 'a' })
  await client.insertBlock({ table: 'numbers', columns: ['t', 'n'], format: 'RowBinary', body: Buffer.from([1, 0x62, 7, 0, 0, 0, 0, 0, 0, 0]), deduplicationToken: 'b' })
  expect(await client.query({ query: 'SELECT n, t FROM numbers ORDER BY n' })).toEqual([{ n: '7', t: 'b' }, { n: '18446744073709551615', t: 'a' }])
})

test('parameters are bound by the server, never put into the text', async () => {
  const hostile = `'; DROP TABLE numbers --`
  expect(await client.query({ query: 'SELECT {text:String} AS text', params: { text: hostile } })).toEqual([{ text: hostile }])
})

test('a compressing client stores and reads the same', async () => {
  const gzip = createClickHouse({ url: inject('clickhouseUrl'), database: client.database, compression: true })
  await gzip.insertBlock({ table: 'numbers', format: 'JSONEachRow', body: Buffer.from('{"n":42,"t":"zip"}'), deduplicationToken: 'zip' })
  expect(await gzip.query({ query: 'SELECT t FROM numbers WHERE n = 42' })).toEqual([{ t: 'zip' }])
  await gzip.close()
})

describe('an error says what is wrong when', () => {
  test('the table is missing', async () => {
    const insert = client.insertBlock({ table: 'nowhere', format: 'JSONEachRow', body: Buffer.from('{}'), deduplicationToken: 'x' })
    await expect(insert).rejects.toMatchObject({ code: 'SCHEMA_MISSING', retryable: true, serverCode: 60 })
  })

  test('the data does not fit the table', async () => {
    const insert = client.insertBlock({ table: 'numbers', format: 'JSONEachRow', body: Buffer.from('{"n":"many"}'), deduplicationToken: 'x' })
    await expect(insert).rejects.toMatchObject({ code: 'BAD_DATA', retryable: false })
  })

  test('the server does not listen', async () => {
    const nobody = createClickHouse({ url: 'http://127.0.0.1:1' })
    await expect(nobody.ping()).rejects.toMatchObject({ code: 'UNREACHABLE', retryable: true })
    await nobody.close()
  })

  test('the server accepts and says nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const silent = createClickHouse({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requestTimeoutMs: 60_000 })
    await expect(silent.query({ query: 'SELECT 1', timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(silent.query({ query: 'SELECT 1', signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    await silent.close()
    server.close()
  })
})
