import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ClickHouse, createClickHouse, insertColumns, migrate, tables } from '../src/index.ts'
import { ledgerStatements } from '../src/migrations/ledger.ts'
import { migrations } from '../src/migrations/migrations.ts'

let client: ClickHouse

beforeAll(async () => {
  client = createClickHouse({ url: inject('clickhouseUrl'), database: `schema_${process.pid}` })
  await migrate({ client })
})

afterAll(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${client.database}` })
  await client.close()
})

const now = String(BigInt(Date.now()) * 1_000_000n)
const span = { Timestamp: now, TraceId: 'a'.repeat(32), SpanId: 'b'.repeat(16), SpanName: 'GET /', SpanKind: 'Server', ServiceName: 'shop', Duration: '5', SpanAttributes: { a: '1' } }
const log = { Timestamp: now, ServiceName: 'shop', Body: 'Order Placed', LogAttributes: { k: 'v' }, ResourceAttributes: { 'k8s.pod.name': 'pod-1', 'deployment.environment.name': 'prod' } }

async function insert(table: string, row: object, token: string): Promise<void> {
  await client.insertBlock({ table, columns: Object.keys(row), format: 'JSONEachRow', body: Buffer.from(JSON.stringify(row)), deduplicationToken: token })
}

async function count(table: string): Promise<string> {
  const [row] = await client.query<{ n: string }>({ query: `SELECT count() AS n FROM ${table}` })
  return row!.n
}

test('every table is there with the columns, the sort key and the window that its definition says', async () => {
  const found = await client.query<{ name: string; engine: string; sorting_key: string; create_table_query: string }>({
    query: 'SELECT name, engine, sorting_key, create_table_query FROM system.tables WHERE database = {database:String}',
    params: { database: client.database },
  })
  for (const table of Object.values(tables)) {
    const row = found.find((each) => each.name === table.name)
    expect(row).toMatchObject({ name: table.name, engine: table.engine })
    expect(row!.sorting_key).toBe(table.orderBy.replace(/^\((.*)\)$/, '$1'))
    expect(row!.create_table_query).toContain('non_replicated_deduplication_window = 10000')
    const columns = await client.query<{ name: string; type: string }>({
      query: `SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String} AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY position`,
      params: { database: client.database, table: table.name },
    })
    expect(columns).toEqual(insertColumns(table))
  }
})

test('a block with the same token counts once, in the table and behind its materialized view', async () => {
  for (const token of ['one', 'one', 'two']) await insert('otel_traces', span, token)
  expect(await count('otel_traces')).toBe('2')
  // Rows of the view's target as they were written, before any merge: one for each block that counted.
  const [written] = await client.query<{ blocks: string }>({
    query: `SELECT sum(max_block_number - min_block_number + 1) AS blocks FROM system.parts WHERE database = {database:String} AND table = 'otel_traces_trace_id_ts' AND active`,
    params: { database: client.database },
  })
  expect(written!.blocks).toBe('2')
  const [range] = await client.query<{ Start: string; End: string }>({
    query: 'SELECT toUnixTimestamp(min(Start)) AS Start, toUnixTimestamp(max(End)) AS End FROM otel_traces_trace_id_ts WHERE TraceId = {id:String}',
    params: { id: span.TraceId },
  })
  expect(Number(range!.End)).toBe(Math.floor(Number(BigInt(now) / 1_000_000_000n)))
})

test('the server fills hot columns and items; tenant and weight have their defaults', async () => {
  await insert('otel_logs', log, 'log')
  const rows = await client.query({
    query: 'SELECT `__otel_materialized_k8s.pod.name` AS pod, `__otel_materialized_deployment.environment.name` AS env, LogAttributeItems AS items, TenantId, SampleRate FROM otel_logs',
  })
  expect(rows).toEqual([{ pod: 'pod-1', env: 'prod', items: ['k=v'], TenantId: 'default', SampleRate: '1' }])
})

describe('an index answers', () => {
  test.each([
    ['otel_logs', `has(LogAttributeItems, 'k=v')`, 'idx_log_attr_items'],
    ['otel_logs', `has(ResourceAttributeItems, 'k8s.pod.name=pod-1')`, 'idx_res_attr_items'],
    ['otel_logs', `TraceId = 'abc'`, 'idx_trace_id'],
    ['otel_logs', `hasToken(lower(Body), 'placed')`, 'idx_lower_body'],
    ['otel_logs', `mapContains(LogAttributes, 'k')`, 'idx_log_attr_key'],
    ['otel_traces', `has(SpanAttributeItems, 'a=1')`, 'idx_span_attr_items'],
    ['otel_traces', `TraceId = 'abc'`, 'idx_trace_id'],
    ['otel_traces', `hasToken(lower(SpanName), 'get')`, 'idx_lower_span_name'],
  ])('%s where %s', async (table, condition, index) => {
    const plan = await client.query<{ explain: string }>({ query: `EXPLAIN indexes = 1 SELECT Timestamp FROM ${table} WHERE ${condition}` })
    expect(plan.map((row) => row.explain.trim())).toContain(`Name: ${index}`)
  })
})

test('parts are one day, dropped whole thirty days later', async () => {
  const [table] = await client.query<{ partition_key: string; create_table_query: string }>({
    query: `SELECT partition_key, create_table_query FROM system.tables WHERE database = {database:String} AND name = 'otel_logs'`,
    params: { database: client.database },
  })
  expect(table!.partition_key).toBe('toDate(Timestamp)')
  expect(table!.create_table_query).toMatch(/TTL toDateTime\(Timestamp\) \+ toIntervalDay\(30\).*ttl_only_drop_parts = 1/)
})

test('the engine reads every statement for a cluster', async () => {
  const target = { database: 'otel', flavour: { kind: 'cluster', cluster: 'ballast' } } as const
  for (const statement of [...ledgerStatements(target), ...migrations.flatMap((migration) => migration.statements(target))]) {
    await expect(client.command({ query: `EXPLAIN AST ${statement}` })).resolves.toBeUndefined()
  }
  await expect(client.command({ query: 'EXPLAIN AST CREATE TABLE t ON CLUSTER c (x Int8) ENGINE = = Log' })).rejects.toMatchObject({ serverType: 'SYNTAX_ERROR' })
})
