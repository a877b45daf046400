import { describe, expect, test } from 'vitest'
import { insertFromFile } from '../src/insert/insert-sql.ts'
import { readStatement } from '../src/query/statement.ts'

describe('a statement', () => {
  test.each([
    ['SELECT 1', 'rows', undefined],
    ['  -- why\n /* so */ select 1 format JSON', 'rows', 'JSON'],
    ['(SELECT 1) UNION ALL (SELECT 2) FORMAT Native SETTINGS max_threads = 1', 'rows', 'Native'],
    ['WITH 1 AS x SELECT x FORMAT CSV;', 'rows', 'CSV'],
    ['FROM numbers(3) SELECT number', 'rows', undefined],
    ["SELECT 'FORMAT CSV'", 'rows', undefined],
    ['SELECT format FROM t', 'rows', undefined],
    ['SELECT (SELECT 1 FORMAT CSV)', 'rows', undefined],
    ['SHOW TABLES FORMAT TSV', 'statement', 'TSV'],
    ['CREATE TABLE t (a UInt8) ENGINE = Memory', 'statement', undefined],
  ])('%s is %s in format %s', (sql, type, format) => {
    expect(readStatement(sql)).toEqual({ type, format })
  })

  test.each([
    ['INSERT INTO t SELECT 1 FORMAT Null'],
    ['INSERT INTO t (a, b) (SELECT 1, 2)'],
    ['WITH 1 AS x INSERT INTO t SELECT x'],
    ['insert into function remote(\'h\', db.t) select 1'],
  ])('%s is an insert without data', (sql) => {
    expect(readStatement(sql)).toEqual({ type: 'insert' })
  })

  test.each([["SELECT 1 INTO OUTFILE 'x'"], ["INSERT INTO t FROM INFILE 'x' FORMAT CSV"]])('%s is refused', (sql) => {
    expect(readStatement(sql).type).toBe('refused')
  })

  test.each([
    ['INSERT INTO t FORMAT JSONEachRow\n{"a":1}', 'JSONEachRow', '{"a":1}'],
    ['INSERT INTO t FORMAT JSONEachRow {"a":1}', 'JSONEachRow', '{"a":1}'],
    ['insert t format CSV;\r\n\n1', 'CSV', '\n1'],
    ['INSERT INTO t FORMAT TSV\n\t\tx', 'TSV', '\t\tx'],
    ["INSERT INTO db.values (`format`, \"settings\") VALUES (1,'FORMAT')", 'Values', " (1,'FORMAT')"],
    ['INSERT INTO TABLE FUNCTION null(\'a UInt8\') FORMAT Values (1)', 'Values', '(1)'],
    ['INSERT INTO {t:Identifier} (* EXCEPT(a)) FORMAT Native', 'Native', ''],
    ['INSERT INTO t -- FORMAT CSV\n FORMAT RowBinary\n\x00\xff', 'RowBinary', '\x00\xff'],
    ['INSERT INTO t SETTINGS a = 1, b = \'FORMAT CSV\' FORMAT TSV\n1', 'TSV', '1'],
  ])('%s has data', (sql, format, data) => {
    const statement = readStatement(sql)
    if (statement.type !== 'data-insert') throw new Error(`read as ${statement.type}`)
    expect(statement.format).toBe(format)
    expect(sql.slice(statement.dataStart)).toBe(data)
  })

  test('an insert gets its file before its settings and its format', () => {
    const sql = 'INSERT INTO t (a) SETTINGS x = 1 FORMAT CSV\n1'
    const statement = readStatement(sql)
    if (statement.type !== 'data-insert') throw new Error(`read as ${statement.type}`)
    expect(insertFromFile(sql, statement, "/data/it's")).toBe("INSERT INTO t (a) FROM INFILE '/data/it\\'s' COMPRESSION 'none' SETTINGS x = 1 FORMAT CSV")
  })

  test('an insert that selects from input() reads its file there', () => {
    const sql = "INSERT INTO t SELECT a + 1 FROM input('a UInt8') WHERE input > 0 SETTINGS x = 1 FORMAT CSV\n1"
    const statement = readStatement(sql)
    if (statement.type !== 'data-insert') throw new Error(`read as ${statement.type}`)
    expect(insertFromFile(sql, statement, '/f')).toBe("INSERT INTO t SELECT a + 1 FROM file('/f', 'CSV', 'a UInt8') WHERE input > 0 SETTINGS x = 1 ")
    expect(sql.slice(statement.dataStart)).toBe('1')
  })

  test('text outside ASCII survives the reading by bytes', () => {
    const sql = Buffer.from('INSERT INTO `tüb` VALUES').toString('latin1')
    const statement = readStatement(sql)
    if (statement.type !== 'data-insert') throw new Error(`read as ${statement.type}`)
    expect(insertFromFile(sql, statement, '/é')).toBe("INSERT INTO `tüb` FROM INFILE '/é' COMPRESSION 'none' FORMAT Values")
  })
})
