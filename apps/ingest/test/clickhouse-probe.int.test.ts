import { createClickHouse } from '@ballast/clickhouse'
import { afterAll, expect, inject, test } from 'vitest'
import { clickHouseProbe } from '../src/database/clickhouse-probe.ts'

const client = createClickHouse({ url: inject('clickhouseUrl'), database: 'default' })
afterAll(() => client.close())

const probe = clickHouseProbe(client, { runMigrations: false, onMigrated: () => undefined })
const { signal } = new AbortController()

test('a real server says whether it answers, has space, and has the tables', async () => {
  await expect(probe.ping(signal)).resolves.toBeUndefined()
  await expect(probe.hasSpace(signal)).resolves.toBeUndefined()
  await expect(probe.prepare(signal)).rejects.toThrow('database default has no table otel_traces, otel_logs, ballast_rejects: run the migrations')
})
