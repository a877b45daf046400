import { describe, expect, test } from 'vitest'
import { ClickHouseException } from '../src/errors.ts'
import { errorStatus } from '../src/http/error-status.ts'
import { exceptionTag, lateException } from '../src/http/late-exception.ts'

describe('an exception of the engine', () => {
  test('is read with its number, message and name', () => {
    expect(ClickHouseException.parse("Code: 60. DB::Exception: Table (a) doesn't exist. (UNKNOWN_TABLE)")).toMatchObject({
      number: 60,
      code: 'UNKNOWN_TABLE',
      message: "Table (a) doesn't exist.",
    })
  })

  test('loses what is only there because rows came in a file', () => {
    const text =
      'Code: 117. DB::Exception: Code: 117. DB::Exception: Parquet file too short: (in file/uri /data/spool/7.spool): While executing Parquet: While executing File: data for INSERT was parsed from file. (INCORRECT_DATA) (version 26.7.2.1). (INCORRECT_DATA)'
    const exception = ClickHouseException.parse(text)
    expect(exception.toText('26.7.2.1')).toBe('Code: 117. DB::Exception: Parquet file too short: While executing Parquet (INCORRECT_DATA) (version 26.7.2.1)')
  })

  test('that cannot be read keeps its text', () => {
    expect(ClickHouseException.parse('odd failure')).toMatchObject({ code: 'LOGICAL_ERROR', message: 'odd failure' })
  })

  test.each([
    ['SYNTAX_ERROR', 400],
    ['REQUIRED_PASSWORD', 401],
    ['ACCESS_DENIED', 403],
    ['UNKNOWN_TABLE', 404],
    ['TIMEOUT_EXCEEDED', 408],
    ['NOT_IMPLEMENTED', 501],
    ['MEMORY_LIMIT_EXCEEDED', 500],
    ['READONLY', 500],
  ])('named %s has HTTP status %i, as in ClickHouse', (code, status) => {
    expect(errorStatus(code)).toBe(status)
  })

  test('after the first rows is a marked block whose length counts bytes', () => {
    const tag = exceptionTag()
    expect(tag).toMatch(/^[a-z]{16}$/)
    const block = lateException(ClickHouseException.of('BAD_ARGUMENTS', 'schön'), tag, '1.2').toString()
    const message = 'Code: 36. DB::Exception: schön (BAD_ARGUMENTS) (version 1.2)\n'
    expect(block).toBe(`\r\n__exception__\r\n${tag}\r\n${message}${Buffer.byteLength(message)} ${tag}\r\n__exception__\r\n`)
  })
})
