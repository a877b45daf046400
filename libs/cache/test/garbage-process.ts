import { createCache } from '../src/index.ts'

// Run by `garbage.int.test.ts` with the address of Redis: prints by how many bytes the heap has grown after many calls and a young collection, for hits of Redis and for misses.
const AT_ONCE = 64
const CALLS = 40_000

const collect = globalThis.gc!
const cache = createCache({ namespace: 'garbage', redis: process.argv[2]!, redisTimeout: '10s', local: { maxItems: 1 } })
const products = cache.define({ name: 'product', load: (id: string) => Promise.resolve({ id, name: `Reading lamp ${id}`, stock: [1, 2, 3].map((count) => ({ count })) }), softTtl: '1h', hardTtl: '1h', beta: 0 })

async function growth(idOf: (n: number) => string): Promise<number> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < CALLS) await products.get(idOf(next++))
  }
  const run = (): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, caller))
  // Compiled; and calls are under way while all that lives becomes old, as happens to a service all the time.
  await run()
  next = 0
  const running = run()
  await new Promise((resolve) => setTimeout(resolve, 5))
  collect()
  const before = process.memoryUsage().heapUsed
  await running
  collect({ type: 'minor' })
  collect({ type: 'minor' })
  return process.memoryUsage().heapUsed - before
}

const hits = await growth((n) => `product-${n % 1_000}`)
let fresh = 0
const misses = await growth(() => `fresh-${fresh++}`)
const { errors, reachable } = cache.stats().redis
await cache.close()
process.stdout.write(JSON.stringify({ hits, misses, errors, reachable }))
