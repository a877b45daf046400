import { type Cache, type Definition } from '@ballast/cache'
import { currentWork } from '@ballast/telemetry'
import type { Product } from '../product.ts'
import { LoadWatch } from './load-watch.ts'

/** Where products come from when the cache has none. */
export interface ProductSource {
  product(id: string): Product | null
}

/** Reads products through the cache and says on the current unit of work how: `cache.outcome` is `local`, `shared` (Redis) or `miss`. */
export class ProductReader {
  readonly #products: Definition<Product | null>
  readonly #loads = new LoadWatch()

  constructor(cache: Cache, source: ProductSource) {
    this.#products = cache.define<Product | null>({
      name: 'product',
      softTtl: '1m',
      hardTtl: '2h',
      negativeTtl: '5s',
      load: (id, { reason }) => {
        const startedAt = performance.now()
        const product = source.product(id)
        if (reason === 'miss') this.#loads.loaded(id, performance.now() - startedAt)
        return product
      },
    })
  }

  /** The product, or `null` when there is none. */
  async product(id: string): Promise<Product | null> {
    const work = currentWork()
    work.set('product.id', id)
    const local = this.#products.peek(id)
    if (local !== undefined) {
      work.set('cache.outcome', 'local')
      work.add('cache.hits')
      return this.#products.get(id)
    }
    const { value, loadMs } = await this.#loads.during(id, () => this.#products.get(id))
    work.set('cache.outcome', loadMs === undefined ? 'shared' : 'miss')
    work.add(loadMs === undefined ? 'cache.hits' : 'cache.misses')
    if (loadMs !== undefined) work.recordTime('db', loadMs)
    return value
  }

  /** The products there are among these ids, in their order. */
  async products(ids: readonly string[]): Promise<Product[]> {
    const work = currentWork()
    work.set('product.count', ids.length)
    work.add('cache.hits', ids.filter((id) => this.#products.peek(id) !== undefined).length)
    const found = await work.time('cache', () => this.#products.getMany(ids))
    return [...found.values()].filter((product) => product !== null)
  }
}
