import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCache } from '@ballast/cache'
import { afterAll, describe, expect, test } from 'vitest'
import { ProductDatabase } from '../src/catalog/product-database.ts'
import { ProductReader } from '../src/catalog/product-reader.ts'

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

describe('the product reader', () => {
  test('asks the database once for a product and once for an absence, and gives many in their order', async () => {
    const asked: string[] = []
    const cache = createCache({ namespace: 'shop-test', redis: false })
    const reader = new ProductReader(cache, {
      product(id) {
        asked.push(id)
        return id === 'none' ? null : { id, name: `product ${id}`, brand: 'Elm', priceCents: 100, description: '' }
      },
    })
    expect((await reader.product('1'))?.name).toBe('product 1')
    expect(await reader.product('none')).toBeNull()
    expect((await reader.products(['2', 'none', '1'])).map(({ id }) => id)).toEqual(['2', '1'])
    expect([(await reader.product('1'))?.id, await reader.product('none')]).toEqual(['1', null])
    expect(asked).toEqual(['1', 'none', '2'])
    await cache.close()
  })
})
