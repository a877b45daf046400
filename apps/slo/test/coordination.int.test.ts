import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type RedisKeys, redisKeys } from '../src/leader/redis-keys.ts'
import { RedisLease } from '../src/leader/redis-lease.ts'
import { RedisStore } from '../src/outbox/redis-store.ts'
import { alerting, evaluation, ListChannel, ListLog, settled } from './alert-fakes.ts'
import { objective } from './objectives.ts'

const watched = objective()
const healthy = evaluation(watched, { good: 1000, total: 1000 })
const burning = evaluation(watched, { good: 0, total: 1000 })
let redis: Redis
let keys: RedisKeys
let tests = 0

beforeEach(() => {
  redis = new Redis(inject('redisUrl'))
  keys = redisKeys(`coordination-${process.pid}-${tests++}`)
})

afterEach(async () => {
  await redis.del(...Object.values(keys))
  redis.disconnect()
})

const lease = (holder: string, durationMs = 60_000): RedisLease => new RedisLease(redis, keys, { durationMs, holder })
/** A replica with a pager of its own, on this test's Redis. */
function replica(name: string) {
  const pager = new ListChannel()
  return { ...alerting({ lease: lease(name), store: new RedisStore(redis, keys), channels: [pager], history: new ListLog() }), pager }
}
/** What waits for Redis needs more turns than what waits for promises alone. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await redis.ping()
    await settled()
  }
}

describe('the lease', () => {
  test('is held by one, renewed under the same token, and has a larger one for the next', async () => {
    const [a, b] = [lease('a'), lease('b')]
    const first = await a.acquire()
    expect(first).toMatchObject({ held: true, previous: 0 })
    expect(await b.acquire()).toEqual({ held: false, holder: 'a' })
    expect(await a.acquire()).toMatchObject({ held: true, token: (first as { token: number }).token })
    await b.release()
    expect(await b.acquire()).toMatchObject({ held: false })
    await a.release()
    const second = await b.acquire()
    expect(second).toMatchObject({ held: true, previous: (first as { token: number }).token })
    expect((second as { token: number }).token).toBeGreaterThan((first as { token: number }).token)
  })

  test('ends by itself', async () => {
    await lease('a', 30).acquire()
    await expect.poll(async () => (await lease('b').acquire()).held, { interval: 10 }).toBe(true)
  })

  test('has growing tokens though Redis forgot everything', async () => {
    const first = (await lease('a').acquire()) as { token: number }
    await redis.del(...Object.values(keys))
    expect(((await lease('a').acquire()) as { token: number }).token).toBeGreaterThanOrEqual(first.token)
  })
})

describe('the store', () => {
  test('refuses every write of a leader that was replaced, and changes nothing', async () => {
    const store = new RedisStore(redis, keys)
    const old = (await lease('a', 20).acquire()) as { token: number }
    await expect.poll(async () => (await lease('b').acquire()).held, { interval: 10 }).toBe(true)
    const letter = { delivery: { id: 'd' }, reason: 'x', atMs: 1 } as never
    await expect(store.commit(old.token, { states: new Map([['k', {} as never]]), queued: [{ id: 'd' } as never], told: new Map([['t', { alertId: 'a', atMs: 1 }]]), dead: [letter] })).rejects.toMatchObject({ code: 'STALE_LEADER' })
    expect(await redis.exists(keys.states, keys.outbox, keys.told, keys.dead)).toBe(0)
  })

  test('gives back a step as it was written', async () => {
    const { tick, ledger } = replica('a')
    await tick([burning])
    await quiet()
    const snapshot = await new RedisStore(redis, keys).load()
    expect(snapshot).toEqual({ token: expect.any(Number), states: ledger.states, deliveries: ledger.deliveries, told: ledger.told })
    expect(snapshot!.states.size).toBe(2)
  })

  test('keeps silences and acknowledgements for all, and forgets those of last month', async () => {
    const monthMs = 31 * 24 * 60 * 60 * 1000
    const store = new RedisStore(redis, keys, () => monthMs)
    const silence = { id: 's', matchers: [{ name: 'slo', value: 'a', isRegex: false, isEqual: true }], startsAtMs: 0, endsAtMs: 1, createdBy: 'ann', comment: 'old' }
    await store.acknowledge('old', { by: 'ann', comment: '', atMs: 0 })
    await store.acknowledge('new', { by: 'ann', comment: '', atMs: monthMs })
    await store.silence(silence)
    const newer = { ...silence, id: 'n', endsAtMs: monthMs }
    await store.silence(newer)
    expect(await store.remarks()).toEqual({ acknowledgements: new Map([['new', { by: 'ann', comment: '', atMs: monthMs }]]), silences: new Map([['n', newer]]) })
  })
})

describe('two replicas', () => {
  test('one acts; the other knows what it did, and goes on under the same ids when it takes over', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await a.tick([burning])
    await quiet()
    await b.tick([burning])
    await quiet()
    expect([a.book.acting, b.book.acting]).toEqual([true, false])
    expect([a.pager.summary, b.pager.summary]).toEqual([['firing page checkout'], []])
    expect(b.book.open()).toMatchObject([{ alert: { severity: 'page' } }, { alert: { severity: 'ticket' } }])
    await a.leadership.resign()
    await b.tick([healthy])
    await quiet()
    expect(b.pager.delivered).toMatchObject([{ state: 'resolved', alert: { id: a.pager.delivered[0]!.alert.id } }])
  })

  test('a delivery that its leader could not record is sent again by the next one, under its id', async () => {
    const [a, b] = [replica('a'), replica('b')]
    a.pager.error = new Error('taken, but the answer was lost')
    await a.tick([burning])
    await quiet()
    await a.close()
    await a.leadership.resign()
    await b.tick([burning], 60_000)
    await quiet()
    expect(b.pager.deliveries).toMatchObject([{ attempts: 1, notice: { state: 'firing', alert: { severity: 'page' } } }])
  })

  test('one that slept through its lease writes nothing when it wakes, and follows', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await a.tick([healthy])
    // As after SIGSTOP: it still believes that it leads.
    await redis.del(keys.lease)
    await b.tick([burning])
    await quiet()
    await expect(a.ledger.commit({ states: new Map() })).rejects.toMatchObject({ code: 'STALE_LEADER' })
    await a.tick([burning])
    await quiet()
    expect([a.book.acting, a.pager.deliveries]).toEqual([false, []])
    expect(b.pager.summary).toEqual(['firing page checkout'])
  })

  test('what Redis forgot, the leader still knows and writes down again', async () => {
    const a = replica('a')
    await a.tick([burning])
    await quiet()
    await redis.del(...Object.values(keys))
    await a.tick([burning])
    await a.tick([burning])
    await quiet()
    expect(a.pager.summary).toEqual(['firing page checkout'])
    expect((await new RedisStore(redis, keys).load())!.states.size).toBe(2)
  })
})
