import { describe, expect, test } from 'vitest'
import { seededRandom } from '../src/random.ts'
import { OpenLoop, type OpenLoopOptions } from '../src/traffic/open-loop.ts'
import { requestMix, type ShopRequest } from '../src/traffic/request-mix.ts'
import { type Answer, TrafficStats } from '../src/traffic/traffic-stats.ts'
import { zipf } from '../src/traffic/zipf.ts'

describe('the seeded random numbers', () => {
  test('are the same for the same seed and different for another', () => {
    const draw = (seed: number): number[] => Array.from({ length: 20 }, seededRandom(seed))
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(1).slice(0, 3)).toEqual([0.6223195912316442, 0.2647276767529547, 0.9483341278973967])
  })

  test('are spread evenly over [0, 1)', () => {
    const random = seededRandom(3)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 100_000; i++) counts[Math.floor(random() * 10)]!++
    expect(counts).toHaveLength(10)
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400)
  })
})

describe('Zipf\'s law', () => {
  test.each([0, 1, 1.5])('with exponent %d gives each rank its share', (exponent) => {
    const [n, draws] = [100, 200_000]
    const next = zipf(n, exponent, seededRandom(11))
    const counts = Array.from({ length: n + 1 }, () => 0)
    for (let i = 0; i < draws; i++) counts[next()]!++
    const sum = Array.from({ length: n }, (_, index) => (index + 1) ** -exponent).reduce((a, b) => a + b)
    for (const rank of [1, 2, 3, 10, 50, 100]) {
      const expected = (draws * rank ** -exponent) / sum
      expect(Math.abs(counts[rank]! - expected)).toBeLessThan(5 * Math.sqrt(expected) + 1)
    }
    expect(counts[0]).toBe(0)
  })

  test('reaches the first and the last rank and nothing beyond them', () => {
    expect(zipf(10, 1, () => 0)()).toBe(1)
    expect(zipf(10, 1, () => 1 - Number.EPSILON)()).toBe(10)
  })
})

describe('the mix of requests', () => {
  test('is 90 % views, 2 % unknown products and 8 % orders, the same for the same seed', () => {
    const sequence = (): ShopRequest[] => Array.from({ length: 20_000 }, requestMix(1000, 1, seededRandom(5)))
    const requests = sequence()
    const share = (kind: string): number => requests.filter((request) => request.kind === kind).length / requests.length
    expect(share('view')).toBeCloseTo(0.9, 1)
    expect(share('unknown')).toBeCloseTo(0.02, 2)
    expect(share('order')).toBeCloseTo(0.08, 2)
    expect(requests).toEqual(sequence())
  })
})

describe('the open loop', () => {
  function loopWith(options: Partial<OpenLoopOptions>) {
    let clock = 0
    const stats = new TrafficStats()
    const pending: ((answer: Answer) => void)[] = []
    const loop = new OpenLoop({
      rate: 20,
      requests: 0,
      maxConcurrency: 1000,
      next: () => ({ kind: 'view', productId: '1' }),
      send: () => new Promise((resolve) => pending.push(resolve)),
      stats,
      now: () => clock,
      ...options,
    })
    return { loop, stats, pending, after: (ms: number): boolean => { clock += ms; return loop.tick() } }
  }

  test('sends at its rate without drift, however uneven the ticks', () => {
    const { stats, after } = loopWith({})
    for (let i = 0; i < 100; i++) after(i % 2 === 0 ? 33 : 67)
    expect(stats.totalSent).toBe(100)
  })

  test('does not wait for answers, and skips and counts above its concurrency', async () => {
    const { loop, stats, pending, after } = loopWith({ maxConcurrency: 5 })
    after(1000)
    expect([stats.inFlight, stats.totalSent, stats.skipped]).toEqual([5, 5, 15])
    for (const answer of pending) answer('2xx')
    await loop.drained()
    expect(stats.snapshot(0)).toMatchObject({ inFlight: 0, answers: { '2xx': 5 }, finished: false })
    after(100)
    expect(stats.totalSent).toBe(7)
  })

  test('stops after the number of requests that was asked for', async () => {
    const { loop, stats, pending, after } = loopWith({ requests: 25 })
    expect(after(1000)).toBe(true)
    expect(after(1000)).toBe(false)
    expect(stats.totalSent).toBe(25)
    expect(stats.snapshot(25).finished).toBe(false)
    for (const answer of pending) answer('5xx')
    await loop.drained()
    expect(stats.snapshot(25)).toMatchObject({ finished: true, answers: { '5xx': 25 } })
  })

  test('makes up for a second of a long pause at most', () => {
    const { stats, after } = loopWith({})
    after(60_000)
    expect(stats.totalSent).toBe(20)
  })
})
