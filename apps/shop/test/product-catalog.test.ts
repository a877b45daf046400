import { createCache } from '@ballast/cache'
import { expect, test } from 'vitest'
import { ProductCatalog } from '../src/catalog/product-catalog.ts'

test('a load that the cache refuses is answered as overload, not as a fault of the shop', async () => {
  const cache = createCache({ namespace: 'shop-test', redis: false, loads: { maxConcurrent: 1, maxQueued: 1 } })
  const products = new ProductCatalog(cache, { product: () => null, setPrice: () => {} })
  const [running, waiting, refused] = await Promise.allSettled([products.product('1'), products.product('2'), products.product('3')])
  expect([running, waiting]).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }])
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED', statusCode: 503 } })
  await cache.close()
})
