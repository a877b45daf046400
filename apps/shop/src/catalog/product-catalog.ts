import { type Cache, CacheError, type Definition, type LoadContext } from '@ballast/cache'
import { currentWork } from '@ballast/telemetry'
import { CacheReads } from '@ballast/telemetry/cache'
import { ShopError } from '../errors.ts'
import type { Product } from '../product.ts'

/** Where products are kept. */
export interface ProductSource {
  product(id: string): Product | null
  setPrice(id: string, priceCents: number): void
}

/** Reads and writes products through the cache and says on the current unit of work how: `cache.outcome` is `local`, `shared` (Redis) or `miss`. */
export class ProductCatalog {
  readonly #products: Definition<Product | null>
  readonly #reads = new CacheReads<Product | null>('db')
  readonly #source: ProductSource

  constructor(cache: Cache, source: ProductSource) {
    this.#source = source
    this.#products = cache.define<Product | null>({
      name: 'product',
      softTtl: '1m',
      hardTtl: '2h',
      negativeTtl: '5s',
      load: this.#reads.loader<LoadContext>((id) => source.product(id)),
    })
  }

  /** The product, or `null` when there is none. @throws ShopError OVERLOADED when the cache refuses another load. */
  product(id: string): Promise<Product | null> {
    currentWork().set('product.id', id)
    return this.#reads.get(this.#products, id).catch(refuseShed)
  }

  /** The products there are among these ids, in their order. */
  async products(ids: readonly string[]): Promise<Product[]> {
    const work = currentWork()
    work.set('product.count', ids.length)
    work.add('cache.hits', ids.filter((id) => this.#products.peek(id) !== undefined).length)
    const found = await work.time('cache', () => this.#products.getMany(ids)).catch(refuseShed)
    return [...found.values()].filter((product) => product !== null)
  }

  /** The product as the source has it, past the cache. */
  current(id: string): Product | null {
    return this.#source.product(id)
  }

  /** Writes a new price through: the source first, then the cache of every process. */
  async reprice(product: Product, priceCents: number): Promise<void> {
    await this.#products.write(product.id, { ...product, priceCents }, () => currentWork().time('db', () => this.#source.setPrice(product.id, priceCents)))
  }
}

/** The cache spares the database by refusing loads; a caller may come again, so that is no internal error. */
function refuseShed(error: unknown): never {
  if (error instanceof CacheError && error.code === 'LOAD_SHED') throw new ShopError('OVERLOADED', 'too many products are being loaded; try again in a moment', { cause: error })
  throw error
}
