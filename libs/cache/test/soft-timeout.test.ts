import { expect, test } from 'vitest'
import { FakeClock, MemoryServer, MemoryTier, settle } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'

/** A stale value, and a loader under the test's control. */
async function staleValue(kind: string, softLoadTimeout: '100ms' | 0 = '100ms') {
  const clock = new FakeClock()
  const { cache, errors } = cacheFixture(kind === 'local only' ? { clock } : { clock, shared: new MemoryTier(new MemoryServer(clock)) })
  const loader = new DeferredLoader<string>()
  const products = cache.define({ name: 'product', load: loader.load, softTtl: '1m', hardTtl: '10m', softLoadTimeout, loadTimeout: '5s' })
  const first = products.get('1')
  await settle()
  loader.last.resolve('old')
  await first
  await clock.advance(60_000)
  const answers: string[] = []
  const ask = (): void => void products.get('1').then((value) => answers.push(value))
  return { cache, clock, errors, loader, products, answers, ask, counts: () => cache.stats().definitions['product']! }
}

test.each(['local only', 'over Redis'])('a successor that comes in time is what callers get, %s', async (kind) => {
  const { clock, loader, answers, ask, counts } = await staleValue(kind)
  ask()
  ask()
  await clock.advance(99)
  expect(answers).toEqual([])
  loader.last.resolve('new')
  await settle()
  expect(answers).toEqual(['new', 'new'])
  expect(loader.calls).toHaveLength(2)
  expect(counts().localStale + counts().redisStale).toBe(0)
})

test.each(['local only', 'over Redis'])('when it is late they get the stale value, and the load goes on in background, %s', async (kind) => {
  const { clock, loader, products, answers, ask, counts } = await staleValue(kind)
  ask()
  await clock.advance(100)
  expect(answers).toEqual(['old'])
  expect(counts().localStale + counts().redisStale).toBe(1)
  expect(loader.last.context.signal.aborted).toBe(false)
  loader.last.resolve('new')
  await settle()
  expect(await products.get('1')).toBe('new')
  expect(loader.calls).toHaveLength(2)
})

test('who comes later waits for what is left of it, and who comes after it not at all', async () => {
  const { clock, answers, ask } = await staleValue('local only')
  ask()
  await clock.advance(60)
  ask()
  await clock.advance(40)
  expect(answers).toEqual(['old', 'old'])
  await clock.advance(10)
  ask()
  await settle()
  expect(answers).toEqual(['old', 'old', 'old'])
})

test('a load that fails in time gives the stale value at once', async () => {
  const { loader, answers, ask, errors } = await staleValue('local only')
  ask()
  await settle()
  loader.last.reject(new Error('source is down'))
  await settle()
  expect(answers).toEqual(['old'])
  expect(errors.map(({ code }) => code)).toEqual(['REFRESH_FAILED'])
})

test('without it nobody waits', async () => {
  const { answers, ask } = await staleValue('local only', 0)
  ask()
  await settle()
  expect(answers).toEqual(['old'])
})

test('the lifetime of what comes late counts from the start of its load (FusionCache #628)', async () => {
  const { clock, loader, products, ask } = await staleValue('local only')
  ask()
  await clock.advance(4_000)
  loader.last.resolve('new')
  await settle()
  await clock.advance(55_999)
  expect(products.peek('1')).toBe('new')
  await clock.advance(1)
  expect(products.peek('1')).toBeUndefined()
})
