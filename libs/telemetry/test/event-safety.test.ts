import { trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unitOfWork, type UnitOfWorkOptions, type Work } from '../src/index.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

describe('what leaves the process', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>

  beforeEach(() => {
    memory = inMemoryTelemetry()
  })

  afterEach(() => memory.telemetry.shutdown())

  async function eventOf(options: UnitOfWorkOptions, fn: (work: Work) => void): Promise<Record<string, unknown>> {
    unitOfWork('job', { now: () => 0, ...options }, fn)
    return (await memory.events()).at(-1)!.attributes as Record<string, unknown>
  }

  test.each(['user.password', 'API_KEY', 'x-api-key', 'Authorization', 'set-cookie', 'client_secret', 'accessToken', 'sessionId', 'db.passwd'])('has no value of a field named %s', async (name) => {
    expect(await eventOf({}, (work) => work.set(name, 'hunter2'))).toMatchObject({ [name]: '[redacted]', 'work.redacted_values': 1 })
  })

  test('has no credentials inside longer texts', async () => {
    const attributes = await eventOf({}, (work) => {
      work.set('url', 'https://shop/pay?order=7&access_token=hunter2&page=2')
      work.set('header', 'Bearer hunter2.hunter2')
      work.set('redis', 'redis://user:hunter2@10.0.0.1:6379/0')
      work.set('json', '{"password":"hunter2","user":"ann"}')
      work.set('list', ['secret=hunter2', 'plain'])
      work.fail(new Error('login failed: Authorization: Basic aHVudGVyMg== for password=hunter2'))
    })
    expect(JSON.stringify(attributes)).not.toMatch(/hunter2|aHVudGVyMg/)
    expect(attributes).toMatchObject({ url: 'https://shop/pay?order=7&access_token=[redacted]&page=2', redis: 'redis://[redacted]@10.0.0.1:6379/0', json: '{"password":"[redacted]","user":"ann"}', list: ['secret=[redacted]', 'plain'], 'work.redacted_values': 6 })
  })

  test('has numbers of tokens, which are no secrets', async () => {
    expect(await eventOf({}, (work) => work.set('gen_ai.usage.input_tokens', 812))).toMatchObject({ 'gen_ai.usage.input_tokens': 812 })
  })

  test('has no secret that lies across the place where a text is cut', async () => {
    const { text } = await eventOf({ limits: { maxValueLength: 30 } }, (work) => work.set('text', `redis://user:${'hunter2'.repeat(4)}@host/${'x'.repeat(1000)}`))
    expect(text).toBe('redis://[redacted]@host/xxxxxx')
  })

  test('has no value of a field that the caller named secret', async () => {
    expect(await eventOf({ redactNames: /^iban$/ }, (work) => work.set('iban', 'DE00 1234'))).toMatchObject({ iban: '[redacted]' })
  })

  test('has no secret in a span, whoever set it', async () => {
    trace.getTracer('other').startSpan('call', { attributes: { 'http.request.header.authorization': 'Basic abc', 'url.full': 'http://a/?token=abc&x=1' } }).end()
    expect((await memory.spans())[0]?.attributes).toEqual({ 'http.request.header.authorization': '[redacted]', 'url.full': 'http://a/?token=[redacted]&x=1' })
  })

  test('has so many fields and timers and no more, and counts the rest', async () => {
    const attributes = await eventOf({ limits: { maxFields: 3, maxTimers: 2 } }, (work) => {
      for (let i = 0; i < 5; i++) work.set(`field.${i}`, i)
      for (let i = 0; i < 4; i++) work.recordTime(`timer.${i}`, 1)
      work.set('field.0', 'changed')
    })
    expect(Object.keys(attributes).filter((name) => name.startsWith('field.'))).toEqual(['field.0', 'field.1', 'field.2'])
    expect(attributes).toMatchObject({ 'field.0': 'changed', 'work.timer.timer.1.count': 1, 'work.dropped_fields': 4 })
    expect(attributes).not.toHaveProperty('work.timer.timer.2.count')
  })

  test('has texts cut to their limit without half characters', async () => {
    const attributes = await eventOf({ limits: { maxValueLength: 4 } }, (work) => {
      work.set('long', 'abcdefgh')
      work.set('smiles', 'abc😀😀')
    })
    expect(attributes).toMatchObject({ long: 'abcd', 'work.truncated_values': 2 })
    expect((attributes['smiles'] as string).isWellFormed()).toBe(true)
  })

  test('stays below its size in bytes, also when fields are replaced', async () => {
    const attributes = await eventOf({ limits: { maxEventBytes: 100 } }, (work) => {
      for (let i = 0; i < 20; i++) work.set('same', 'é'.repeat(40))
      work.set('more', 'x'.repeat(50))
      work.set('same', 'short')
      work.set('fits', 'x'.repeat(50))
    })
    expect(attributes).toMatchObject({ same: 'short', fits: 'x'.repeat(50), 'work.dropped_fields': 1 })
    expect(attributes).not.toHaveProperty('more')
  })

  test('has no field under the reserved prefix', async () => {
    expect(await eventOf({}, (work) => work.set('work.outcome', 'fine'))).toMatchObject({ 'work.outcome': 'ok', 'work.dropped_fields': 1 })
  })
})
