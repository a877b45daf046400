import { describe, expect, test } from 'vitest'
import { type CacheOptions, createCache } from '../src/index.ts'
import { cacheFixture } from './cache-fixture.ts'
import { FakeClock, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

interface Product {
  id: string
  stock: { count: number }[]
}
const productOf = (id: string): Product => ({ id, stock: [{ count: 5 }] })
const poison = (product: Product): void => {
  product.stock[0]!.count = -1
}

function processes(copies: 'shared' | 'frozen' | 'cloned'): { first: ReturnType<typeof cacheFixture>; second: ReturnType<typeof cacheFixture>; clock: FakeClock } {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const [first, second] = [0, 0].map(() => cacheFixture({ clock, shared: new MemoryTier(server), local: { copies } })) as [ReturnType<typeof cacheFixture>, ReturnType<typeof cacheFixture>]
  return { first, second, clock }
}

describe('cloned', () => {
  test('no caller changes what another gets: on a miss, a hit, a joined load, a read of Redis, a stale value or a peek', async () => {
    const { first, second, clock } = processes('cloned')
    const products = first.cache.define({ name: 'product', load: productOf, ...ttl })
    const [leader, joined] = await Promise.all([products.get('1'), products.get('1')])
    poison(leader)
    expect(joined).toEqual(productOf('1'))
    const hit = await products.get('1')
    expect(hit).toEqual(productOf('1'))
    poison(hit)
    const peeked = products.peek('1')!
    expect(peeked).toEqual(productOf('1'))
    poison(peeked)
    const [many] = (await products.getMany(['1'])).values()
    expect(many).toEqual(productOf('1'))
    poison(many!)
    await clock.advance(60_000)
    const stale = await products.get('1')
    expect(stale).toEqual(productOf('1'))

    const others = second.cache.define({ name: 'product', load: productOf, ...ttl })
    const [read, alike] = await Promise.all([others.get('1'), others.get('1')])
    poison(read)
    expect(alike).toEqual(productOf('1'))
    expect(await others.get('1')).toEqual(productOf('1'))
  })

  test('neither the loader nor a writer changes what is kept by changing what it gave', async () => {
    const { cache } = cacheFixture({ local: { copies: 'cloned' } })
    const source = productOf('1')
    const products = cache.define({ name: 'product', load: () => source, ...ttl })
    await products.get('1')
    poison(source)
    expect(await products.get('1')).toEqual(productOf('1'))
    const written = productOf('2')
    await products.write('2', written, () => {})
    poison(written)
    expect(await products.get('2')).toEqual(productOf('2'))
  })

  test('a value that cannot be cloned is refused by its name, and a write of one still succeeds', async () => {
    const { cache } = cacheFixture({ local: { copies: 'cloned' } })
    const products = cache.define({ name: 'product', load: (id: string) => ({ id, price: () => 5 }), ...ttl })
    await expect(products.get('1')).rejects.toMatchObject({ code: 'VALUE_NOT_CLONEABLE', definition: 'product' })
    expect(await products.write('1', { id: '1', price: () => 5 }, () => {})).toBe('stored')
    expect(products.peek('1')).toBeUndefined()
  })
})

describe('frozen', () => {
  test('all callers get one object that nobody can change, however they got it', async () => {
    const { first, second } = processes('frozen')
    const products = first.cache.define({ name: 'product', load: productOf, ...ttl })
    const [leader, joined] = await Promise.all([products.get('1'), products.get('1')])
    const others = second.cache.define({ name: 'product', load: productOf, ...ttl })
    const read = await others.get('1')
    for (const value of [leader, joined, await products.get('1'), read, await others.get('1')]) expect(() => poison(value)).toThrow(TypeError)
    expect(await products.get('1')).toBe(await products.get('1'))
  })

  test('buffers, dates and maps are let through as they are', async () => {
    const { cache } = cacheFixture({ local: { copies: 'frozen' } })
    const value = { bytes: Buffer.from([1]), on: new Date(0), byId: new Map([['a', 1]]), nothing: null }
    expect(await cache.getOrLoad('k', () => value, ttl)).toEqual(value)
  })
})

test('shared hands out one object, the default', async () => {
  const { cache } = cacheFixture()
  const products = cache.define({ name: 'product', load: productOf, ...ttl })
  const value = await products.get('1')
  expect(await products.get('1')).toBe(value)
  expect(Object.isFrozen(value)).toBe(false)
})

test.each<[CacheOptions['local'], RegExp]>([
  [{ maxBytes: 100 }, /local\.maxBytes is 100; give a whole number of bytes from 4096/],
  [{ maxBytes: 1e300 }, /local\.maxBytes is 1e\+300/],
  [JSON.parse('{"copies":"deep"}') as CacheOptions['local'], /local\.copies is "deep"; there are shared, frozen, cloned/],
])('refuses %j', (local, message) => {
  expect(() => createCache({ namespace: 'shop', redis: false, ...(local !== undefined && { local }) })).toThrow(message)
})
