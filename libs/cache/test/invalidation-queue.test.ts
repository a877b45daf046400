import { expect, test } from 'vitest'
import { InvalidationQueue } from '../src/redis/invalidation-queue.ts'

test('a later invalidation of the same key is not taken out when the earlier one lands', () => {
  const queue = new InvalidationQueue(10)
  queue.add('k', 1_000)
  const [earlier] = queue.next(10, 0)
  queue.add('k', 2_000)
  queue.remove(earlier!)
  expect(queue.get('k')).toMatchObject({ expiresAt: 2_000 })
  queue.remove(queue.get('k')!)
  expect(queue.size).toBe(0)
})

test('an invalidation is forgotten when the old entry is gone from Redis by itself', () => {
  const queue = new InvalidationQueue(10)
  queue.add('short', 1_000)
  queue.add('long', 2_000)
  expect(queue.next(10, 1_000).map(({ key }) => key)).toEqual(['long'])
  expect(queue.size).toBe(1)
})

test('a full queue refuses new keys and takes known ones', () => {
  const queue = new InvalidationQueue(1)
  queue.add('a', 1_000)
  queue.add('a', 500)
  expect(queue.get('a')).toMatchObject({ expiresAt: 1_000 })
  expect(() => queue.add('b', 1_000)).toThrow(expect.objectContaining({ code: 'INVALIDATION_QUEUE_FULL' }))
})
