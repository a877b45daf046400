import type { DataInsert } from '../query/statement.ts'
import { stringLiteral } from '../engine/session-sql.ts'

/**
 * The same insert, with its rows in a file. FROM INFILE keeps all that an insert means: the column list,
 * defaults of omitted columns, materialised columns, and the table's types as the structure of formats without one.
 *
 * @param sql - the statement up to its data, latin1.
 */
export function insertFromFile(sql: string, insert: DataInsert, path: string): string {
  if (insert.input !== undefined) return insertSelectFromFile(sql, insert, insert.input, path)
  const file = Buffer.from(`FROM INFILE ${stringLiteral(path)} COMPRESSION 'none' `, 'utf8').toString('latin1')
  const head = sql.slice(0, insert.fileAt) + file + sql.slice(insert.fileAt, insert.headEnd)
  return Buffer.from(`${head.trimEnd()} FORMAT ${insert.format}`, 'latin1').toString('utf8')
}

/** INSERT … SELECT … FROM input('structure'): the file, read with that structure, takes the place of `input`. */
function insertSelectFromFile(sql: string, insert: DataInsert, input: { start: number; end: number }, path: string): string {
  const file = Buffer.from(`file(${stringLiteral(path)}, ${stringLiteral(insert.format)}, `, 'utf8').toString('latin1')
  const text = sql.slice(0, input.start) + file + sql.slice(input.end, insert.headEnd)
  return Buffer.from(text, 'latin1').toString('utf8')
}

/**
 * Settings that make one request one block, whatever its format, so that it lands whole and is deduplicated whole:
 * reading and squashing split at 100 million rows, which no body within the limits holds.
 */
export const oneBlockSettings: readonly (readonly [string, string])[] = [
  ['max_insert_block_size', '100000000'],
  ['min_insert_block_size_rows', '100000000'],
  // 0 is no limit; any number is cut to 256 MiB by the engine, and a block of that size would be split off.
  ['min_insert_block_size_bytes', '0'],
  ['max_insert_threads', '1'],
]
