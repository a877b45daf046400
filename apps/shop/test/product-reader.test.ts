import { createCache } from '@ballast/cache'
import { expect, test } from 'vitest'
import { ProductReader } from '../src/catalog/product-reader.ts'

test('a load that the cache refuses is answered as overload, not as a fault of the shop', async () => {
  const cache = createCache({ namespace: 'shop-test', redis: false, loads: { maxConcurrent: 1, maxQueued: 1 } })
  const reader = new ProductReader(cache, { product: () => null })
  const [running, waiting, refused] = await Promise.allSettled([reader.product('1'), reader.product('2'), reader.product('3')])
  expect([running, waiting]).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }])
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED', statusCode: 503 } })
  await cache.close()
})
