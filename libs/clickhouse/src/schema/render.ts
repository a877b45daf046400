import type { Column, MaterializedViewDefinition, SkipIndex, TableDefinition } from './table.ts'
import { identifier, literal, onCluster, qualified, type SchemaTarget, storedTable } from './target.ts'

/**
 * Inserts whose deduplication token a table remembers. Without it a token does nothing, and a materialized view's target
 * would count a repeated block twice; so every table has it.
 */
const DEDUPLICATION_WINDOW = 10_000

/** The statements that create a table: one on a single server; the replicated local table and the Distributed one on a cluster. */
export function createTable(table: TableDefinition, target: SchemaTarget, version = 1): readonly string[] {
  const { flavour } = target
  const stored = storedTable(table.name, flavour)
  const members = [
    ...table.columns.filter((column) => (column.since ?? version) <= version).map(columnDefinition),
    ...table.indexes.filter((index) => (index.since ?? version) <= version).map(indexDefinition),
  ]
  const lines = [
    `CREATE TABLE IF NOT EXISTS ${qualified(target, stored)}${onCluster(flavour)}`,
    `(\n${members.map((member) => `  ${member}`).join(',\n')}\n)`,
    `ENGINE = ${engine(table, target)}`,
    ...(table.partitionBy === undefined ? [] : [`PARTITION BY ${table.partitionBy}`]),
    ...(table.primaryKey === undefined ? [] : [`PRIMARY KEY ${table.primaryKey}`]),
    `ORDER BY ${table.orderBy}`,
    ...(table.ttl === undefined ? [] : [`TTL ${table.ttl}`]),
    `SETTINGS ${Object.entries(settings(table, target)).map(([name, value]) => `${name} = ${value}`).join(', ')}`,
  ]
  if (flavour.kind === 'single') return [lines.join('\n')]
  const distributed = `Distributed(${[literal(flavour.cluster), literal(target.database), literal(stored), table.shardingKey].join(', ')})`
  return [
    lines.join('\n'),
    `CREATE TABLE IF NOT EXISTS ${qualified(target, table.name)}${onCluster(flavour)} AS ${qualified(target, stored)}\nENGINE = ${distributed}`,
  ]
}

/** The statement that creates a materialized view; on a cluster from local table to local table, so each shard fills its own. */
export function createMaterializedView(view: MaterializedViewDefinition, target: SchemaTarget): string {
  const into = qualified(target, storedTable(view.target.name, target.flavour))
  const from = qualified(target, storedTable(view.source.name, target.flavour))
  const select = view.select.replaceAll('{source}', from)
  return `CREATE MATERIALIZED VIEW IF NOT EXISTS ${qualified(target, view.name)}${onCluster(target.flavour)} TO ${into} AS\n${select}`
}

/** The statements of a later migration: adds the columns and indexes of a table that are marked `since: version`. */
export function addColumnsAndIndexes(table: TableDefinition, target: SchemaTarget, version: number): readonly string[] {
  const columns = table.columns.filter((column) => column.since === version)
  const additions = columns.map((column) => `ADD COLUMN IF NOT EXISTS ${columnDefinition(column)}`)
  const indexes = table.indexes
    .filter((index) => index.since === version)
    .map((index) => `ADD ${indexDefinition(index).replace('INDEX', 'INDEX IF NOT EXISTS')}`)
  const alter = (name: string, actions: readonly string[]): string[] =>
    actions.length === 0 ? [] : [`ALTER TABLE ${qualified(target, name)}${onCluster(target.flavour)} ${actions.join(', ')}`]
  const stored = alter(storedTable(table.name, target.flavour), [...additions, ...indexes])
  return target.flavour.kind === 'single' ? stored : [...stored, ...alter(table.name, additions)]
}

function columnDefinition(column: Column): string {
  const type = column.nested === undefined ? column.type : `Nested(${column.nested.map((field) => `${identifier(field.name)} ${field.type}`).join(', ')})`
  const parts = [identifier(column.name), type]
  if (column.default !== undefined) parts.push(`DEFAULT ${column.default}`)
  if (column.materialized !== undefined) parts.push(`MATERIALIZED ${column.materialized}`)
  if (column.alias !== undefined) parts.push(`ALIAS ${column.alias}`)
  if (column.codec !== undefined) parts.push(`CODEC(${column.codec})`)
  return parts.join(' ')
}

function indexDefinition(index: SkipIndex): string {
  return `INDEX ${index.name} ${index.expression} TYPE ${index.type}`
}

function engine(table: TableDefinition, target: SchemaTarget): string {
  // {shard} and {replica} are the macros of each server's configuration.
  const version = table.versionColumn === undefined ? [] : [identifier(table.versionColumn)]
  if (target.flavour.kind === 'single') return `${table.engine}${version.length === 0 ? '' : `(${version.join()})`}`
  return `Replicated${table.engine}(${["'/clickhouse/tables/{shard}/{database}/{table}'", "'{replica}'", ...version].join(', ')})`
}

function settings(table: TableDefinition, target: SchemaTarget): Readonly<Record<string, number>> {
  const window = target.flavour.kind === 'single' ? 'non_replicated_deduplication_window' : 'replicated_deduplication_window'
  return { ...(table.ttl === undefined ? {} : { ttl_only_drop_parts: 1 }), [window]: DEDUPLICATION_WINDOW, ...table.settings }
}
