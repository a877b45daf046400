import { Redis } from 'ioredis'
import { afterEach, expect, inject, test } from 'vitest'
import { unitOfWork } from '../src/index.ts'
import { observeRedis } from '../src/ioredis.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

const stops: (() => unknown)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

test('commands of ioredis are timed on the unit of work that gave them, with failures, pipelines included', async () => {
  const memory = inMemoryTelemetry()
  const redis = new Redis(inject('redisUrl'), { keyPrefix: `telemetry-${process.pid}:` })
  stops.push(() => memory.telemetry.shutdown(), () => redis.quit(), observeRedis({ timer: (command) => `redis.${command.toLowerCase()}` }))
  await redis.set('outside', '1')
  let refused: unknown
  await Promise.all(
    ['a', 'b'].map((key) =>
      unitOfWork('work', async (work) => {
        work.set('test.key', key)
        await redis.set(key, '1', 'EX', 10)
        await redis.pipeline().get(key).get(key).exec()
        if (key === 'b') refused = await redis.lpush(key, '2').catch((error: Error) => error.message)
      }),
    ),
  )
  expect(refused).toContain('WRONGTYPE')
  const events = new Map((await memory.events()).map(({ attributes }) => [attributes['test.key'], attributes]))
  for (const key of ['a', 'b']) expect(events.get(key)).toMatchObject({ 'work.timer.redis.set.count': 1, 'work.timer.redis.get.count': 2 })
  expect(events.get('b')).toMatchObject({ 'work.timer.redis.lpush.count': 1, 'work.timer.redis.lpush.failed.internal': 1 })
  expect(events.get('a')).not.toHaveProperty('work.timer.redis.lpush.count')
})
