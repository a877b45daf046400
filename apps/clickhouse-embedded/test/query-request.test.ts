import { describe, expect, test } from 'vitest'
import { authenticate } from '../src/auth.ts'
import { sessionStatements } from '../src/engine/session-sql.ts'
import { contentType } from '../src/http/content-type.ts'
import { readQueryRequest } from '../src/http/query-request.ts'

const at = (search: string): URL => new URL(`http://x/?${search}`)
const query = { mode: 'rows', sql: 'SELECT 1', format: 'TSV', database: undefined, settings: [], parameters: [], readonly: 0 } as const

describe('a request', () => {
  test('is taken apart into its own parameters, bound parameters, and settings', () => {
    expect(readQueryRequest('POST', at('query=SELECT+1&query_id=q&database=d&param_a=1&param_b=&max_threads=2&buffer_size=10&wait_end_of_query=1&enable_http_compression=1'), {})).toEqual({
      sql: 'SELECT 1',
      queryId: 'q',
      database: 'd',
      defaultFormat: undefined,
      parameters: [['a', '1'], ['b', '']],
      settings: [['max_threads', '2'], ['enable_http_compression', '1']],
      readonly: 0,
      compressResponse: true,
      waitEndOfQuery: true,
      bufferBytes: 10,
    })
  })

  test('takes database and format from headers; the URL goes first', () => {
    const headers = { 'x-clickhouse-database': 'h', 'x-clickhouse-format': 'CSV' }
    expect(readQueryRequest('GET', at(''), headers)).toMatchObject({ database: 'h', defaultFormat: 'CSV', readonly: 2 })
    expect(readQueryRequest('GET', at('database=u&default_format=TSV'), headers)).toMatchObject({ database: 'u', defaultFormat: 'TSV' })
  })

  test('with an unreadable buffer_size is refused', () => {
    expect(() => readQueryRequest('POST', at('buffer_size=lots'), {})).toThrow("buffer_size is 'lots', which is not a whole number")
  })
})

describe('a session', () => {
  test('is prepared by statements in which no value can end its literal', () => {
    expect(
      sessionStatements({ ...query, database: 'a`b\\', parameters: [['p', "x'); DROP TABLE t; --\\"]], settings: [['max_threads', "1'"], ['max_threads', '2']], readonly: 2 }, 'tag'),
    ).toEqual(['USE `a\\`b\\\\`', "SET param_p = 'x\\'); DROP TABLE t; --\\\\'", "SET max_threads = '2', log_comment = 'tag'", 'SET readonly = 2'])
  })

  test('cannot be made less read-only by a setting, only more', () => {
    const levels = (asked: string, given: number): string | undefined => sessionStatements({ ...query, settings: [['readonly', asked]], readonly: given }, 't').at(-1)
    expect(levels('0', 2)).toBe('SET readonly = 2')
    expect(levels('1', 2)).toBe('SET readonly = 1')
    expect(levels('2', 0)).toBe('SET readonly = 2')
  })

  test.each([["a = 1, b"], ["x'y"], ['']])('has no setting named %j', (name) => {
    expect(() => sessionStatements({ ...query, settings: [[name, '1']] }, 't')).toThrow('Unknown setting')
    expect(() => sessionStatements({ ...query, parameters: [[name, '1']] }, 't')).toThrow('is not an identifier')
  })
})

describe('credentials', () => {
  const expected = { user: 'default', password: 'a:b' }
  const basic = (text: string): { authorization: string } => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

  test('may have a colon in the password', () => {
    expect(() => authenticate(expected, at(''), basic('default:a:b'))).not.toThrow()
    expect(() => authenticate(expected, at(''), basic('default:a'))).toThrow('Authentication failed')
  })

  test('in headers count before those in the URL', () => {
    expect(() => authenticate(expected, at('user=default&password=a:b'), { 'x-clickhouse-user': 'default', 'x-clickhouse-key': 'no' })).toThrow('Authentication failed')
    expect(() => authenticate(expected, at('password=a:b'), {})).not.toThrow()
  })

  test('are never repeated in the refusal', () => {
    expect(() => authenticate(expected, at('user=eve&password=guess'), {})).toThrow(/^eve: (?!.*guess)/)
  })
})

describe('a content type', () => {
  test.each([
    ['JSON', 'application/json; charset=UTF-8'],
    ['JSONEachRow', 'application/x-ndjson; charset=UTF-8'],
    ['JSONCompact', 'application/json; charset=UTF-8'],
    ['TSVWithNames', 'text/tab-separated-values; charset=UTF-8; header=present'],
    ['CSV', 'text/csv; charset=UTF-8; header=absent'],
    ['Native', 'application/octet-stream'],
    ['Pretty', 'text/plain; charset=UTF-8'],
  ])('of %s is %s', (format, type) => {
    expect(contentType(format)).toBe(type)
  })
})
