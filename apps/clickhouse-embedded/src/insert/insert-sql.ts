import type { DataInsert } from '../query/statement.ts'
import { stringLiteral } from '../engine/session-sql.ts'

/**
 * The same insert, with its rows in a file. FROM INFILE keeps all that an insert means: the column list,
 * defaults of omitted columns, materialised columns, and the table's types as the structure of formats without one.
 *
 * @param sql - the statement up to its data, latin1.
 */
export function insertFromFile(sql: string, insert: DataInsert, path: string): string {
  const file = Buffer.from(`FROM INFILE ${stringLiteral(path)} COMPRESSION 'none' `, 'utf8').toString('latin1')
  const head = sql.slice(0, insert.fileAt) + file + sql.slice(insert.fileAt, insert.headEnd)
  return Buffer.from(`${head.trimEnd()} FORMAT ${insert.format}`, 'latin1').toString('utf8')
}

/**
 * Settings that make one request one block, whatever its format, so that it lands whole and is deduplicated whole:
 * reading and squashing stop splitting, up to what the largest body holds.
 */
export const oneBlockSettings: readonly (readonly [string, string])[] = [
  ['max_insert_block_size', '100000000'],
  ['min_insert_block_size_rows', '100000000'],
  ['min_insert_block_size_bytes', '4294967296'],
  ['max_insert_threads', '1'],
]
