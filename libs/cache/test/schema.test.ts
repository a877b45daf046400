import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { StandardSchema } from '../src/index.ts'
import { cacheFixture } from './cache-fixture.ts'
import { FakeClock, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

interface Product {
  readonly id: string
  readonly price: number
}

/** Two processes over one Redis: an old one that knows no schema, and a new one. */
function twoProcesses(): { old: ReturnType<typeof cacheFixture>; young: ReturnType<typeof cacheFixture>; clock: FakeClock } {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  return { old: cacheFixture({ clock, shared: new MemoryTier(server) }), young: cacheFixture({ clock, shared: new MemoryTier(server) }), clock }
}

describe('a value from Redis that does not pass the schema', () => {
  test('is a miss, counted, and loaded anew; what passes is used', async () => {
    const { old, young, clock } = twoProcesses()
    const before = old.cache.define({ name: 'product', load: (id: string) => (id === 'good' ? { id, price: 5 } : { id, price: '5 EUR' }), ...ttl })
    await before.getMany(['good', 'bad'])
    const load = vi.fn((id: string): Product => ({ id, price: 7 }))
    const products = young.cache.define({ name: 'product', load, schema: z.object({ id: z.string(), price: z.number() }), ...ttl })
    expect(await products.get('good')).toEqual({ id: 'good', price: 5 })
    expect(await products.get('bad')).toEqual({ id: 'bad', price: 7 })
    expect(load.mock.calls.map(([id]) => id)).toEqual(['bad'])
    expect(young.cache.stats().definitions['product']).toMatchObject({ mismatched: 1, redisFresh: 1 })
    // The new value has replaced the one that did not pass.
    await clock.advance(5_000)
    expect(await before.get('bad')).toEqual({ id: 'bad', price: 7 })
  })

  test('is what the schema makes of it, when it changes values', async () => {
    const { old, young } = twoProcesses()
    await old.cache.define({ name: 'product', load: (id: string) => ({ id, price: 5, internal: 'x' }), ...ttl }).get('1')
    const schema = z.object({ id: z.string(), price: z.number(), currency: z.string().default('EUR') })
    const products = young.cache.define({ name: 'product', load: (id: string) => ({ id, price: 7, currency: 'USD' }), schema, ...ttl })
    expect(await products.get('1')).toEqual({ id: '1', price: 5, currency: 'EUR' })
  })

  test('is a miss as well when the schema throws, and an absence is not checked', async () => {
    const { old, young } = twoProcesses()
    const throwing: StandardSchema<string> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => {
          throw new Error('a bug in the schema')
        },
      },
    }
    await old.cache.define<string | null>({ name: 'product', load: (id) => (id === 'gone' ? null : 'old'), ...ttl }).getMany(['1', 'gone'])
    const load = vi.fn((): string | null => 'new')
    const products = young.cache.define({ name: 'product', load, schema: throwing, ...ttl })
    expect(await products.get('1')).toBe('new')
    expect(await products.get('gone')).toBeNull()
    expect(load).toHaveBeenCalledTimes(1)
  })
})

test('a schema that is none, or asynchronous, is refused when it is defined', () => {
  const { cache } = cacheFixture()
  const none = JSON.parse('{}') as StandardSchema<string>
  expect(() => cache.define({ name: 'a', load: (id: string) => id, schema: none, ...ttl })).toThrow(/not a Standard Schema/)
  const asynchronous: StandardSchema<string> = { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 'x' }) } }
  expect(() => cache.define({ name: 'b', load: (id: string) => id, schema: asynchronous, ...ttl })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(/asynchronous/) }))
})

test('a schema that turns out to be asynchronous later makes its values misses, and says so once', async () => {
  const { old, young } = twoProcesses()
  await old.cache.define({ name: 'product', load: () => 'old', ...ttl }).getMany(['1', '2'])
  const schema: StandardSchema<string> = { '~standard': { version: 1, vendor: 'test', validate: (value) => (value === undefined ? { issues: [] } : Promise.resolve({ value: 'x' })) } }
  const products = young.cache.define({ name: 'product', load: (): string => 'new', schema, ...ttl })
  expect([...(await products.getMany(['1', '2'])).values()]).toEqual(['new', 'new'])
  expect(young.errors.map(({ message }) => message)).toEqual([expect.stringMatching(/product: schema is asynchronous/)])
})
