import { ClickHouseException } from '../errors.ts'
import type { EngineQuery } from './engine-messages.ts'

/** A string literal of ClickHouse SQL. */
export function stringLiteral(value: string): string {
  return `'${value.replace(/[\\']/g, (char) => `\\${char}`)}'`
}

/** A quoted identifier of ClickHouse SQL. */
export function quotedIdentifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, (char) => `\\${char}`)}\``
}

/**
 * The statements that prepare a fresh session for one query: database, parameters, settings, and `readonly` last,
 * because nothing can be set after it.
 *
 * @param tag - kept in `log_comment`, so that the query can be found in `system.processes` and killed.
 * @throws ClickHouseException UNKNOWN_SETTING for a name that is not an identifier.
 */
export function sessionStatements(query: EngineQuery, tag: string): string[] {
  const statements: string[] = []
  if (query.database !== undefined) statements.push(`USE ${quotedIdentifier(query.database)}`)
  for (const [name, value] of query.parameters) {
    if (!/^\w+$/.test(name)) throw ClickHouseException.of('BAD_ARGUMENTS', `Query parameter name '${name}' is not an identifier.`)
    statements.push(`SET param_${name} = ${stringLiteral(value)}`)
  }
  const settings = new Map(query.settings)
  for (const name of settings.keys()) {
    if (!/^[A-Za-z_][\w.]*$/.test(name)) throw ClickHouseException.of('UNKNOWN_SETTING', `Unknown setting '${name}'.`)
  }
  settings.set('log_comment', tag)
  const asked = Number(settings.get('readonly') ?? '0')
  settings.delete('readonly')
  statements.push(`SET ${[...settings].map(([name, value]) => `${name} = ${stringLiteral(value)}`).join(', ')}`)
  const level = asked === 1 ? 1 : Math.max(asked, query.readonly)
  if (level > 0) statements.push(`SET readonly = ${level}`)
  return statements
}
