import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { FairQueue, type FairQueueOptions, type TurnRequest } from '../src/fairness/fair-queue.ts'

const KIB = 1024

function queue(options: Partial<FairQueueOptions> = {}): FairQueue {
  return new FairQueue({ windowBytes: 64 * KIB, maxWaitMs: 60_000, weightOf: () => 1, now: () => 0, ...options })
}

const request = (tenantId: string, part: Partial<TurnRequest> = {}): TurnRequest => ({ tenantId, bytes: 63 * KIB, priority: 'normal', deadlineAtMs: Number.POSITIVE_INFINITY, isAwaited: () => true, ...part })

/** Lets turns be taken, each ended at once, and tells whose they were, in order. */
async function served(of: FairQueue, requests: readonly TurnRequest[], nameOf = (each: TurnRequest) => each.tenantId): Promise<string[]> {
  const end = await of.enter(request('first'))
  const order: string[] = []
  const turns = requests.map(async (each) => {
    const endTurn = await of.enter(each)
    order.push(nameOf(each))
    endTurn()
  })
  end()
  await Promise.all(turns)
  return order
}

describe('turns', () => {
  test('are not waited for while there is room, and begin again after each pause for others', async () => {
    const of = queue({ windowBytes: 10_000 * KIB })
    for (let at = 0; at < 20; at++) (await of.enter(request('a')))()
    expect(of.length).toBe(0)
  })

  test('go round among tenants, however many requests one of them has', async () => {
    const order = await served(queue(), [...Array.from({ length: 20 }, () => request('noisy')), request('a'), request('b')])
    expect(order.slice(0, 4).toSorted()).toEqual(['a', 'b', 'noisy', 'noisy'])
    expect(order.length).toBe(22)
  })

  test('are by bytes: who sends large requests gets fewer', async () => {
    const order = await served(queue(), [...Array.from({ length: 8 }, () => request('large', { bytes: 31 * KIB })), ...Array.from({ length: 32 }, () => request('small', { bytes: 7 * KIB }))])
    const half = order.slice(0, 20)
    expect(half.filter((each) => each === 'large').length).toBeGreaterThanOrEqual(3)
    expect(half.filter((each) => each === 'large').length).toBeLessThanOrEqual(5)
  })

  test('are by weight', async () => {
    const order = await served(queue({ weightOf: (tenant) => (tenant === 'heavy' ? 3 : 1) }), [...Array.from({ length: 20 }, () => request('light')), ...Array.from({ length: 20 }, () => request('heavy'))])
    expect(order.slice(0, 16).filter((each) => each === 'heavy').length).toBe(12)
  })

  test('within a tenant are by priority', async () => {
    const requests = (['low', 'normal', 'high'] as const).map((priority) => request('a', { priority }))
    expect(await served(queue(), requests, ({ priority }) => priority)).toEqual(['high', 'normal', 'low'])
  })

  test('of more than may run at once begin when there is nothing else', async () => {
    expect(await served(queue(), [request('a', { bytes: 1_000 * KIB })])).toEqual(['a'])
  })
})

test('who waits too long, or past his deadline, or is gone, is told so, and makes room', async () => {
  let now = 0
  const of = queue({ now: () => now, maxWaitMs: 1_000 })
  const end = await of.enter(request('a'))
  const late = of.enter(request('b')).catch((error: unknown) => error)
  const hurried = of.enter(request('c', { deadlineAtMs: 500 })).catch((error: unknown) => error)
  expect(await of.enter(request('e', { deadlineAtMs: 0 })).catch((error: unknown) => error)).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  const gone = of.enter(request('d', { isAwaited: () => false })).catch((error: unknown) => error)
  expect(of.length).toBe(3)
  now = 500
  expect(await hurried).toMatchObject({ code: 'DEADLINE_EXCEEDED', statusCode: 503 })
  expect(await gone).toMatchObject({ code: 'UNAVAILABLE' })
  expect(of.length).toBe(1)
  now = 1_000
  expect(await late).toMatchObject({ code: 'UNAVAILABLE', statusCode: 503, retryAfterSeconds: 1 })
  end()
  await nextTurn()
  expect([of.length, of.waitingBytes]).toEqual([0, 0])
})
