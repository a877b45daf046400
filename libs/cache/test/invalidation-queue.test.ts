import { expect, test } from 'vitest'
import { InvalidationQueue } from '../src/redis/invalidation-queue.ts'

test('a later invalidation of the same key is not taken out when the earlier one lands', () => {
  const queue = new InvalidationQueue(10)
  queue.add('remove', 'k', 1_000)
  const [earlier] = queue.next(10, 0)
  queue.add('remove', 'k', 2_000)
  queue.remove(earlier!)
  expect(queue.entry('k')).toMatchObject({ expiresAt: 2_000 })
  queue.remove(queue.entry('k')!)
  expect(queue.size).toBe(0)
})

test('an invalidation is forgotten when the old entry is gone from Redis by itself', () => {
  const queue = new InvalidationQueue(10)
  queue.add('remove', 'short', 1_000)
  queue.add('remove', 'long', 2_000)
  expect(queue.next(10, 1_000).map(({ key }) => key)).toEqual(['long'])
  expect(queue.size).toBe(1)
})

test('a full queue refuses new keys and takes known ones', () => {
  const queue = new InvalidationQueue(1)
  queue.add('remove', 'a', 1_000)
  queue.add('remove', 'a', 500)
  expect(queue.entry('a')).toMatchObject({ expiresAt: 1_000 })
  expect(() => queue.add('remove', 'b', 1_000)).toThrow(expect.objectContaining({ code: 'INVALIDATION_QUEUE_FULL' }))
})

test('of two invalidations of a tag the harder one waits, and an entry of the same name is another target', () => {
  const queue = new InvalidationQueue(10)
  queue.add('mark-hard', 'k', 1_000)
  queue.add('mark-soft', 'k', 2_000)
  queue.add('remove', 'k', 3_000)
  expect(queue.mark('k')).toMatchObject({ kind: 'mark-hard', expiresAt: 2_000 })
  expect(queue.entry('k')).toMatchObject({ kind: 'remove' })
  expect(queue.size).toBe(2)
})
