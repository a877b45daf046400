/** One field of a `Nested` column. */
export interface NestedField {
  readonly name: string
  readonly type: string
}

/** One column of a table. */
export interface Column {
  readonly name: string
  /** ClickHouse type; absent for a `Nested` column. */
  readonly type?: string
  /** Fields of a `Nested` column: stored, and inserted, as one array column `<name>.<field>` each. */
  readonly nested?: readonly NestedField[]
  /** Compression codec. */
  readonly codec?: string
  /** Value when an insert leaves the column out. */
  readonly default?: string
  /** Computed by the server at insert; writers never send it. */
  readonly materialized?: string
  /** Computed when read; not stored. */
  readonly alias?: string
  /** Version of the migration that adds it. @default the table's own */
  readonly since?: number
}

/** A data-skipping index. */
export interface SkipIndex {
  readonly name: string
  readonly expression: string
  /** Type with parameters, e.g. `bloom_filter(0.001) GRANULARITY 1`. */
  readonly type: string
  /** Version of the migration that adds it. @default the table's own */
  readonly since?: number
}

/** One table as data: the single source of its DDL, on one node and on a cluster, and of its column lists. */
export interface TableDefinition {
  readonly name: string
  readonly columns: readonly Column[]
  readonly indexes: readonly SkipIndex[]
  /** Member of the MergeTree family; a cluster gets its Replicated counterpart. */
  readonly engine: 'MergeTree' | 'AggregatingMergeTree' | 'ReplacingMergeTree'
  /** Of a ReplacingMergeTree: of several rows with one sort key, the one that is highest here stays. */
  readonly versionColumn?: string
  readonly partitionBy?: string
  readonly primaryKey?: string
  readonly orderBy: string
  readonly ttl?: string
  /** Beside the deduplication window and `ttl_only_drop_parts`, which every table has. */
  readonly settings?: Readonly<Record<string, number>>
  /** Which shard of a cluster a row belongs to. */
  readonly shardingKey: string
  /** Version of the migration that creates it. @default 1 */
  readonly since?: number
}

/** A materialized view that fills `target` from every block inserted into `source`. */
export interface MaterializedViewDefinition {
  readonly name: string
  readonly source: TableDefinition
  readonly target: TableDefinition
  /** The query; `{source}` stands for the source table. */
  readonly select: string
  /** Version of the migration that creates it. @default 1 */
  readonly since?: number
}

/** A column that an insert names. */
export interface InsertColumn {
  readonly name: string
  readonly type: string
}

/** The columns an insert may name, in table order: `Nested` columns as their arrays, computed columns left out. */
export function insertColumns(table: TableDefinition): readonly InsertColumn[] {
  return table.columns.flatMap((column) => {
    if (column.materialized !== undefined || column.alias !== undefined) return []
    if (column.nested !== undefined) return column.nested.map((field) => ({ name: `${column.name}.${field.name}`, type: `Array(${field.type})` }))
    return [{ name: column.name, type: column.type ?? 'String' }]
  })
}
