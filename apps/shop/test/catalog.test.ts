import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCache } from '@ballast/cache'
import { currentWork } from '@ballast/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import { PriceReview } from '../src/catalog/price-review.ts'
import { ProductDatabase } from '../src/catalog/product-database.ts'
import { ProductCatalog } from '../src/catalog/product-catalog.ts'

describe('the product database', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-catalog-'))

  afterAll(() => rmSync(dir, { recursive: true }))

  test('is filled once, with the same products everywhere', () => {
    const path = join(dir, 'catalog.sqlite')
    const first = new ProductDatabase(path, 100)
    const product = first.product('42')
    first.close()
    const reopened = new ProductDatabase(path, 5000)
    const elsewhere = new ProductDatabase(':memory:', 200)
    expect(product).toMatchObject({ id: '42', priceCents: expect.any(Number) as number })
    expect([reopened.count(), reopened.product('42'), elsewhere.product('42')]).toEqual([100, product, product])
    expect([reopened.product('101'), reopened.product('1\' OR 1=1 --')]).toEqual([null, null])
    reopened.close()
    elsewhere.close()
  })
})

describe('the product catalog', () => {
  test('asks the database once for a product and once for an absence, and gives many in their order', async () => {
    const asked: string[] = []
    const cache = createCache({ namespace: 'shop-test', redis: false })
    const products = new ProductCatalog(cache, {
      product(id) {
        asked.push(id)
        return id === 'none' ? null : { id, name: `product ${id}`, brand: 'Elm', priceCents: 100, description: '' }
      },
      setPrice: () => {},
    })
    expect((await products.product('1'))?.name).toBe('product 1')
    expect(await products.product('none')).toBeNull()
    expect((await products.products(['2', 'none', '1'])).map(({ id }) => id)).toEqual(['2', '1'])
    expect([(await products.product('1'))?.id, await products.product('none')]).toEqual(['1', null])
    expect(asked).toEqual(['1', 'none', '2'])
    await cache.close()
  })
})

test('a price review writes its prices through: readers see them, and the database has them', async () => {
  const database = new ProductDatabase(':memory:', 10)
  const cache = createCache({ namespace: 'shop-test', redis: false })
  const products = new ProductCatalog(cache, database)
  const before = (await products.products(['1', '2'])).map(({ priceCents }) => priceCents)
  // The first draw of each pair chooses the product (1, then 2, …), the second moves its price by +10 % or -10 %.
  const draws = [0.05, 0.999_999, 0.15, 0, 0.99, 0.5, 0.99, 0.5, 0.99, 0.5]
  await new PriceReview(products, 10, () => draws.shift()!).run(currentWork())
  const after = (await products.products(['1', '2'])).map(({ priceCents }) => priceCents)
  expect(after).toEqual([Math.round(before[0]! * 1.1), Math.round(before[1]! * 0.9)])
  expect(after).toEqual(['1', '2'].map((id) => database.product(id)?.priceCents))
  await cache.close()
  database.close()
})
