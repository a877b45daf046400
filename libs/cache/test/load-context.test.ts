import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import type { LoadContext } from '../src/index.ts'
import { MemoryServer, MemoryTier, settle } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'

interface Product {
  readonly id: string
  readonly brand: number
}

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

describe('what a loader is told', () => {
  test('its key, why it is called, and the stale value', async () => {
    const { cache, clock } = cacheFixture()
    const told: Partial<LoadContext>[] = []
    let n = 0
    const products = cache.define({ name: 'product', load: (_id: string, { key, reason, stale }) => (told.push({ key, reason, stale }), ++n), ...ttl })
    await products.get('1')
    await clock.advance(60_000)
    await products.get('1')
    await settle()
    expect(told).toEqual([
      { key: '1', reason: 'miss', stale: undefined },
      { key: '1', reason: 'expired', stale: 1 },
    ])
  })

  test('the reason is told to getOrLoad and to loadMany, too', async () => {
    const { cache } = cacheFixture()
    expect(await cache.getOrLoad('k', ({ key, reason }) => `${key} ${reason}`, ttl)).toBe('k miss')
    const products = cache.define({ name: 'product', load: () => '', loadMany: (ids, { reason }) => new Map(ids.map((id) => [id, `${id} ${reason}`])), ...ttl })
    expect([...(await products.getMany(['1', '2'])).values()]).toEqual(['1 miss', '2 miss'])
  })
})

describe('what a loader says', () => {
  test('set decides how long this value lives', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn((_id: string, { set }: LoadContext) => {
      set({ softTtl: '1s' })
      set({ hardTtl: '2s' })
      return 'v'
    })
    const products = cache.define({ name: 'product', load, ...ttl })
    await products.get('1')
    await clock.advance(999)
    expect(products.peek('1')).toBe('v')
    await clock.advance(1)
    expect(products.peek('1')).toBeUndefined()
    await clock.advance(1_000)
    await products.get('1')
    expect(load.mock.calls.map(([, { reason }]) => reason)).toEqual(['miss', 'miss'])
  })

  test('set in loadMany is for one id', async () => {
    const { cache, clock } = cacheFixture()
    const products = cache.define({
      name: 'product',
      load: () => 'v',
      loadMany: (ids, { set }) => {
        set('1', { softTtl: '1s' })
        return new Map(ids.map((id) => [id, 'v']))
      },
      ...ttl,
    })
    await products.getMany(['1', '2'])
    await clock.advance(1_000)
    expect([products.peek('1'), products.peek('2')]).toEqual([undefined, 'v'])
  })

  test.each([{ hardTtl: '11m' }, { softTtl: '11m' }, { softTtl: -1 }, { ttl: '1m' }])('set refuses %j', async (options) => {
    const { cache } = cacheFixture()
    const products = cache.define({ name: 'product', load: (_id: string, { set }) => (set(options as { softTtl: 1 }), 'v'), ...ttl })
    await expect(products.get('1')).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('the value may decide how long it lives', async () => {
    const { cache, clock } = cacheFixture()
    const products = cache.define({ name: 'product', load: (id: string) => Number(id), softTtl: (n) => n, hardTtl: (n) => 2 * n })
    await products.getMany(['1000', '3000'])
    await clock.advance(2_000)
    expect([products.peek('1000'), products.peek('3000')]).toEqual([undefined, 3000])
  })

  test('notFound stores an absence', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn((_id: string, { notFound }: LoadContext): string | null => notFound())
    const products = cache.define({ name: 'product', load, ...ttl, negativeTtl: '5s' })
    expect([await products.get('1'), await products.get('1')]).toEqual([null, null])
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(5_000)
    await products.get('1')
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('notModified gives the stale value a new life, here and in Redis, with the tags it had', async () => {
    const { cache, clock } = cacheFixture()
    const server = new MemoryServer(clock)
    const over = cacheFixture({ clock, shared: new MemoryTier(server) })
    const load = vi.fn((_id: string, { stale, notModified, set }: LoadContext) => {
      if (stale !== undefined) return notModified()
      set({ tags: ['t'] })
      return { n: 1 }
    })
    for (const one of [cache, over.cache]) {
      load.mockClear()
      const products = one.define({ name: 'product', load, ...ttl })
      const first = await products.get('1')
      await clock.advance(60_000)
      await products.get('1')
      await settle()
      expect(await products.get('1')).toEqual(first)
      expect(products.peek('1')).toEqual({ n: 1 })
      expect(load).toHaveBeenCalledTimes(2)
      await one.invalidateTags(['t'])
      expect(products.peek('1')).toBeUndefined()
    }
  })

  test('notModified without a stale value is an error', async () => {
    const { cache } = cacheFixture()
    const products = cache.define({ name: 'product', load: (_id: string, { notModified }): string => notModified(), ...ttl })
    await expect(products.get('1')).rejects.toMatchObject({ code: 'NO_STALE_VALUE' })
  })

  test('fail keeps the stale value without a throw, and gives LOAD_FAILED to who has none', async () => {
    const { cache, clock, errors } = cacheFixture()
    const load = vi.fn((_id: string, { fail, stale }: LoadContext): string => (load.mock.calls.length === 1 ? 'old' : fail(stale === undefined ? new Error('503') : 'busy')))
    const products = cache.define({ name: 'product', load, ...ttl })
    await products.get('1')
    await clock.advance(60_000)
    expect(await products.get('1')).toBe('old')
    await settle()
    expect(errors.map(({ code, cause }) => [code, (cause as { code: string }).code])).toEqual([['REFRESH_FAILED', 'LOAD_FAILED']])
    expect(await products.get('1')).toBe('old')
    await expect(products.get('2')).rejects.toMatchObject({ code: 'LOAD_FAILED', id: '2', cause: new Error('503') })
    expect(cache.stats().definitions['product']).toMatchObject({ loadErrors: 2 })
  })
})

describe('options of one call', () => {
  test('count for the load that the call starts', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn((id: string) => id)
    const products = cache.define({ name: 'product', load, ...ttl })
    await products.get('1', { softTtl: '1s', tags: () => ['mine'] })
    await products.get('2')
    expect(await products.get('1', { softTtl: '5m' })).toBe('1')
    await clock.advance(1_000)
    expect([products.peek('1'), products.peek('2')]).toEqual([undefined, '2'])
    await cache.invalidateTags(['mine'])
    await products.get('1')
    expect(load.mock.calls.map(([id]) => id)).toEqual(['1', '2', '1'])
  })

  test.each([{ hardTtl: '1h' }, { softTtl: '11m' }, { loads: {} }])('%j is refused', async (options) => {
    const { cache } = cacheFixture()
    const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
    expect(() => products.get('1', options as { softTtl: 1 })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('types', () => {
  const { cache } = cacheFixture()
  const db = (id: string, _signal?: AbortSignal): Promise<Product | undefined> => Promise.resolve({ id, brand: 7 })

  test('flow from the loader to the caller, whatever it says beside its value', () => {
    const plain = cache.define({ name: 'a', load: (id) => db(id), ...ttl, tags: (product) => [`brand:${product.brand}`] })
    expectTypeOf(plain.get('1')).resolves.toEqualTypeOf<Product | undefined>()
    const said = cache.define({
      name: 'b',
      load: async (id: string, { signal, stale, notFound, notModified, fail }) => {
        if (stale !== undefined) return notModified()
        if (id === '') return fail('no id')
        return (await db(id, signal)) ?? notFound()
      },
      softTtl: (product) => product.brand,
      hardTtl: '2h',
      tags: (product) => [`brand:${product.brand}`],
    })
    expectTypeOf(said.get('1')).resolves.toEqualTypeOf<Product | null>()
    expectTypeOf(said.peek('1')).toEqualTypeOf<Product | null | undefined>()
    expectTypeOf(cache.getOrLoad('k', ({ notFound }) => (Math.random() > 2 ? Number('1') : notFound()), { ...ttl, tags: (n) => [n.toFixed()] })).resolves.toEqualTypeOf<number | null>()
  })

  test('with the type of the value written out, the stale value has it', () => {
    cache.define<Product>({
      name: 'c',
      load: async (id, { stale }) => {
        expectTypeOf(stale).toEqualTypeOf<Product | undefined>()
        return (await db(id)) ?? { id, brand: 0 }
      },
      ...ttl,
    })
    // @ts-expect-error the value has no brandId
    cache.define<Product>({ name: 'd', load: async (id) => (await db(id))!, ...ttl, tags: (product) => [`brand:${product.brandId}`] })
  })
})
