/** How a schema is laid out: one server, or a cluster of replicated shards under Distributed tables. */
export type Flavour = { readonly kind: 'single' } | { readonly kind: 'cluster'; readonly cluster: string }

/** Where a schema is created. */
export interface SchemaTarget {
  readonly database: string
  readonly flavour: Flavour
}

/** Quotes a name for SQL. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

/** Quotes a text for SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** ` ON CLUSTER …`, or nothing on one server. */
export function onCluster(flavour: Flavour): string {
  return flavour.kind === 'cluster' ? ` ON CLUSTER ${identifier(flavour.cluster)}` : ''
}

/** The table that holds the rows: on a cluster the replicated `<name>_local`. */
export function storedTable(name: string, flavour: Flavour): string {
  return flavour.kind === 'cluster' ? `${name}_local` : name
}

/** `database`.`table`, quoted. */
export function qualified(target: SchemaTarget, table: string): string {
  return `${identifier(target.database)}.${identifier(table)}`
}
