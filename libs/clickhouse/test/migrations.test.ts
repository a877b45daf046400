import { describe, expect, test } from 'vitest'
import { checksum } from '../src/migrations/migration.ts'
import { ledgerStatements } from '../src/migrations/ledger.ts'
import { verifyLedger } from '../src/migrations/migrate.ts'
import { migrations } from '../src/migrations/migrations.ts'
import type { Flavour, SchemaTarget } from '../src/schema/target.ts'

const single: Flavour = { kind: 'single' }
const cluster: Flavour = { kind: 'cluster', cluster: 'ballast' }
const statementsOf = (flavour: Flavour): readonly string[] => {
  const target: SchemaTarget = { database: 'otel', flavour }
  return [...ledgerStatements(target), ...migrations.flatMap((migration) => migration.statements(target))]
}

describe.each([single, cluster])('statements for $kind', (flavour) => {
  test('can all run again', () => {
    const repeatable = /^(CREATE (TABLE|DATABASE|MATERIALIZED VIEW) IF NOT EXISTS|ALTER TABLE \S+( ON CLUSTER \S+)? ADD (COLUMN|INDEX) IF NOT EXISTS) /
    const statements = statementsOf(flavour)
    expect(statements.length).toBeGreaterThan(10)
    expect(statements.filter((statement) => !repeatable.test(statement))).toEqual([])
  })

  test('give every table and every target of a view a deduplication window', () => {
    const tables = statementsOf(flavour).filter((each) => each.startsWith('CREATE TABLE') && !/ballast_migrations|Distributed\(/.test(each))
    expect(tables.length).toBe(22)
    const window = flavour.kind === 'single' ? 'SETTINGS.*non_replicated_deduplication_window = 10000' : 'SETTINGS.*replicated_deduplication_window = 10000'
    expect(tables.filter((each) => !new RegExp(window).test(each))).toEqual([])
  })
})

test('on a cluster every table is a replicated local one under a Distributed one, sharded by trace for spans and logs', () => {
  const statements = statementsOf(cluster)
  expect(statements.filter((each) => !each.includes('ON CLUSTER `ballast`'))).toEqual([])
  expect(statements.find((each) => each.includes('`otel_traces_local` ON'))).toContain(`ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')`)
  expect(statements.find((each) => each.includes('`otel_traces` ON'))).toContain(`Distributed('ballast', 'otel', 'otel_traces_local', cityHash64(TraceId))`)
  expect(statements.find((each) => each.includes('`otel_logs` ON'))).toMatch(/Distributed\('ballast', 'otel', 'otel_logs_local', cityHash64\(TraceId/)
  const view = statements.find((each) => each.startsWith('CREATE MATERIALIZED VIEW'))
  expect(view).toContain('TO `otel`.`otel_traces_trace_id_ts_local`')
  expect(view).toContain('FROM `otel`.`otel_traces_local`')
})

test('versions count up from 1 without a gap', () => {
  expect(migrations.map((migration) => migration.version)).toEqual(migrations.map((_, index) => index + 1))
})

describe('the ledger', () => {
  const target: SchemaTarget = { database: 'otel', flavour: single }
  const [first] = migrations
  const entry = { version: 1, name: first!.name, checksum: checksum(first!, single) }

  test('matches whatever the database is called, but not another layout', () => {
    expect(() => verifyLedger([entry], migrations, { ...target, database: 'another' })).not.toThrow()
    expect(() => verifyLedger([entry], migrations, { ...target, flavour: cluster })).toThrow(/one server or a cluster/)
  })

  test('with a changed migration is refused: the migration, both checksums and what to do', () => {
    const old = 'a'.repeat(64)
    const verify = (): void => verifyLedger([{ ...entry, checksum: old }], migrations, target)
    expect(verify).toThrow(expect.objectContaining({ code: 'MIGRATION_CHANGED', retryable: false }))
    expect(verify).toThrow(new RegExp(`0001-initial-schema.*${old}.*${entry.checksum}.*make the change in a new one`))
  })

  test('that is newer than the code is refused', () => {
    const verify = (): void => verifyLedger([entry, { version: 99, name: 'from-the-future', checksum: '' }], migrations, target)
    expect(verify).toThrow(expect.objectContaining({ code: 'LEDGER_AHEAD' }))
    expect(verify).toThrow(/0099-from-the-future.*newer version/)
  })
})
