import { describe, expect, test } from 'vitest'
import { errorFacts } from '../src/work/error-facts.ts'

describe('what an event says about an error', () => {
  test.each([
    ['input', Object.assign(new Error('no such product'), { statusCode: 404 })],
    ['timeout', new DOMException('late', 'TimeoutError')],
    ['timeout', Object.assign(new Error('no answer'), { code: 'UND_ERR_HEADERS_TIMEOUT' })],
    ['cancelled', new DOMException('gone', 'AbortError')],
    ['dependency', new TypeError('fetch failed', { cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) })],
    ['dependency', Object.assign(new Error('bad gateway'), { statusCode: 502 })],
    ['internal', new RangeError('out of range')],
    ['internal', 'thrown text'],
  ])('is %s for %s', (category, error) => {
    expect(errorFacts(error).category).toBe(category)
  })

  test('is the cause of a fetch that failed', () => {
    const error = new TypeError('fetch failed', { cause: Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), { code: 'ECONNREFUSED' }) })
    expect(errorFacts(error)).toMatchObject({ type: 'ECONNREFUSED', message: 'fetch failed: connect ECONNREFUSED 10.0.0.1:80' })
  })

  test('is the class where there is no code, and the caller\'s category before ours', () => {
    expect(errorFacts(new RangeError('out of range'), 'dependency')).toEqual({ type: 'RangeError', message: 'out of range', category: 'dependency' })
    expect(errorFacts(undefined)).toEqual({ type: 'undefined', message: 'undefined', category: 'internal' })
  })
})
