import { describe, expect, test } from 'vitest'
import { estimateBytes } from '../src/local/estimate-bytes.ts'
import { cacheFixture } from './cache-fixture.ts'
import { FakeClock, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

describe('local.maxBytes', () => {
  test('holds the local tier to a size, oldest out first', async () => {
    const { cache } = cacheFixture()
    const texts = cache.define({ name: 'text', load: (id: string) => id.padEnd(10_000, '.'), local: { maxBytes: 100_000 }, ...ttl })
    for (let n = 0; n < 50; n++) await texts.get(`${n}`)
    const { localItems, localBytes, evictions } = cache.stats().definitions['text']!
    expect(localItems).toBe(9)
    expect(localBytes).toBeGreaterThan(90_000)
    expect(localBytes).toBeLessThanOrEqual(100_000)
    expect(evictions).toBe(41)
    expect([texts.peek('49')?.length, texts.peek('0')]).toEqual([10_000, undefined])
  })

  test('does not keep what is larger alone, and keeps the rest', async () => {
    const { cache } = cacheFixture()
    const texts = cache.define({ name: 'text', load: (id: string) => id.padEnd(Number(id), '.'), local: { maxBytes: 10_000 }, ...ttl })
    await texts.getMany(['10', '20'])
    expect((await texts.get('20000')).length).toBe(20_000)
    expect(texts.peek('20000')).toBeUndefined()
    expect(cache.stats().definitions['text']).toMatchObject({ localItems: 2, oversized: 1, evictions: 0 })
  })

  test('lets go of a value that has grown too large', async () => {
    const { cache, clock } = cacheFixture()
    let length = 10
    const texts = cache.define({ name: 'text', load: () => 'x'.repeat(length), local: { maxBytes: 10_000 }, softTtl: 1_000, hardTtl: 1_000 })
    await texts.get('1')
    length = 20_000
    await clock.advance(1_000)
    expect((await texts.get('1')).length).toBe(20_000)
    expect(cache.stats().definitions['text']).toMatchObject({ localItems: 0, localBytes: 0 })
  })

  test('counts values from Redis, too', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const shared = new MemoryTier(server)
    const load = (id: string): string => id.padEnd(10_000, '.')
    await cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'text', load, ...ttl }).getMany(['1', '2', '3'])
    const { cache } = cacheFixture({ clock, shared, local: { maxBytes: 25_000 } })
    await cache.define({ name: 'text', load, ...ttl }).getMany(['1', '2', '3'])
    expect(cache.stats().definitions['text']).toMatchObject({ redisFresh: 3, localItems: 2 })
  })

  test('items that give way to others are counted without it, too', async () => {
    const { cache } = cacheFixture({ local: { maxItems: 10 } })
    const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
    for (let n = 0; n < 25; n++) await products.get(`${n}`)
    expect(cache.stats().definitions['product']).toMatchObject({ localItems: 10, evictions: 15, localBytes: 0 })
  })
})

test('the estimate counts what occurs twice once, and stops at cycles', () => {
  const shared = { text: 'x'.repeat(1_000) }
  const once = estimateBytes([shared])
  expect(estimateBytes([shared, shared]) - once).toBeLessThan(20)
  const cycle: { self?: object } = {}
  cycle.self = cycle
  expect(estimateBytes(cycle)).toBeLessThan(100)
})

test('the estimate grows with each kind of content', () => {
  const contents: readonly unknown[] = ['x'.repeat(1_000), Buffer.alloc(1_000), new Float64Array(125), Array.from({ length: 125 }, (_, i) => i), new Map([['a', 'x'.repeat(1_000)]]), new Set(['x'.repeat(1_000)]), 2n ** 8_000n]
  for (const content of contents) expect(estimateBytes({ content }) - estimateBytes({ content: 1 })).toBeGreaterThanOrEqual(1_000)
  expect(estimateBytes('ж'.repeat(1_000))).toBeGreaterThanOrEqual(2_000)
})
