import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { OwnRedis } from './redis-fixture.ts'

const program = fileURLToPath(new URL('garbage-process.ts', import.meta.url))

// What is made among the old, or is referred to from there, stays until a full collection: with a function that is written into a property where it is made, that was a quarter of all that was allocated.
test('what calls leave behind is gone with the next young collection', async () => {
  const redis = await OwnRedis.start()
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@ballast/source', '--expose-gc', program, redis.url], { timeout: 60_000 })
    const grown = JSON.parse(stdout) as { hits: number; misses: number; errors: number; reachable: boolean }
    expect(grown).toMatchObject({ errors: 0, reachable: true })
    expect(grown.hits).toBeLessThan(6_000_000)
    expect(grown.misses).toBeLessThan(12_000_000)
  } finally {
    await redis.remove()
  }
})
