import { context, SpanStatusCode, trace, type Attributes, type Context, type Span, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { cacheFixture } from './cache-fixture.ts'

interface Recorded {
  readonly name: string
  readonly attributes: Attributes
  failed: boolean
  ended: boolean
}

let recorded: Recorded[] = []

/** As much of a tracer as loads use. */
function startSpan(name: string, options: { attributes: Attributes }): Span {
  const record: Recorded = { name, attributes: { ...options.attributes }, failed: false, ended: false }
  recorded.push(record)
  return {
    spanContext: () => ({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }),
    setStatus: ({ code }: { code: SpanStatusCode }) => void (record.failed = code === SpanStatusCode.ERROR),
    setAttribute: (key: string, value: string) => void (record.attributes[key] = value),
    end: () => void (record.ended = true),
  } as unknown as Span
}

beforeAll(() => {
  const contexts = new AsyncLocalStorage<Context>()
  const root = context.active()
  context.setGlobalContextManager({
    active: () => contexts.getStore() ?? root,
    with: (active, fn, self, ...args) => contexts.run(active, () => fn.apply(self, args)),
    bind: (_active, target) => target,
    enable() {
      return this
    },
    disable() {
      return this
    },
  })
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) as unknown as Tracer })
})

beforeEach(() => {
  recorded = []
})

afterAll(() => {
  trace.disable()
  context.disable()
})

test('a load is a span around what the loader does, without the key; a hit is none', async () => {
  const { cache } = cacheFixture({ namespace: 'shop' })
  let within = false
  const load = (id: string): string => {
    within = trace.getActiveSpan() !== undefined
    return id
  }
  const products = cache.define({ name: 'product', load, softTtl: '1m', hardTtl: '1m' })
  await products.get('secret-id')
  await products.get('secret-id')
  expect(within).toBe(true)
  expect(recorded).toEqual([{ name: 'cache.load', attributes: { 'cache.namespace': 'shop', 'cache.name': 'product', 'cache.load.reason': 'miss' }, failed: false, ended: true }])
})

test('a load of several is one span that says how many', async () => {
  const { cache } = cacheFixture()
  const products = cache.define({ name: 'product', load: (id) => id, loadMany: (ids) => new Map(ids.map((id) => [id, id])), softTtl: '1m', hardTtl: '1m' })
  await products.getMany(['1', '2', '3'])
  expect(recorded.map(({ attributes, ended }) => [attributes['cache.batch.size'], ended])).toEqual([[3, true]])
})

test('a load that fails marks its span, with the kind of the error and not its message', async () => {
  const { cache } = cacheFixture()
  const load = (id: string): string => {
    throw new RangeError(`no row for ${id}`)
  }
  const products = cache.define({ name: 'product', load, softTtl: '1m', hardTtl: '1m' })
  await expect(products.get('secret-id')).rejects.toThrow('no row')
  expect(recorded).toMatchObject([{ failed: true, ended: true, attributes: { 'error.type': 'RangeError' } }])
  expect(JSON.stringify(recorded)).not.toContain('secret-id')
})
