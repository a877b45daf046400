import { expect, test } from 'vitest'
import { HotKeys } from '../src/hot-keys.ts'
import { seededRandom } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'

test('a key with a tenth of the calls is first among a million others, with its share', () => {
  const random = seededRandom(7)
  const keys = new HotKeys(random)
  for (let i = 0; i < 2_000_000; i++) keys.asked(random() < 0.1 ? 'hot' : `cold-${Math.floor(random() * 1_000_000)}`)
  const [first, second] = keys.report('product')
  expect(first).toMatchObject({ definition: 'product', id: 'hot' })
  expect(first?.share).toBeCloseTo(0.1, 1)
  expect(first!.calls - first!.errorCalls).toBeGreaterThan(second!.calls - second!.errorCalls)
})

test('a key that is hot every second call is found, whatever the rhythm', () => {
  const keys = new HotKeys(seededRandom(3))
  for (let i = 0; i < 2_000_000; i++) keys.asked(i % 2 === 0 ? 'even' : `odd-${i}`)
  expect(keys.report('product')[0]).toMatchObject({ id: 'even' })
  expect(keys.report('product')[0]?.share).toBeCloseTo(0.5, 1)
})

test('what was hot once gives way to what is hot now', () => {
  const keys = new HotKeys(seededRandom(5))
  for (let i = 0; i < 4_000_000; i++) keys.asked('before')
  for (let i = 0; i < 10_000_000; i++) keys.asked('now')
  expect(keys.report('product')[0]?.id).toBe('now')
})

test('memory is bounded however many keys there are', () => {
  const keys = new HotKeys(() => 0)
  for (let i = 0; i < 5_000; i++) keys.asked(`key-${i}`)
  expect(keys.report('product').length).toBeLessThanOrEqual(128)
})

test('a cache reports the hot keys of all definitions, the most asked for first, as many as wanted', async () => {
  const { cache } = cacheFixture()
  const products = cache.define({ name: 'product', load: (id) => id, softTtl: '1m', hardTtl: '1m' })
  const users = cache.define({ name: 'user', load: (id) => id, softTtl: '1m', hardTtl: '1m' })
  for (let i = 0; i < 30; i++) await products.get('42')
  for (let i = 0; i < 10; i++) await users.get('ada')
  await users.get('bob')
  expect(cache.hotKeys(2).map(({ definition, id }) => `${definition}:${id}`)).toEqual(['product:42', 'user:ada'])
  expect(cache.hotKeys()).toHaveLength(3)
})
