import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createCache } from '@ballast/cache'
import { cronTask } from '@ballast/telemetry/cron'
import { every } from '../every.ts'
import { serveShop } from '../http/shop-server.ts'
import type { ShopContext } from '../shop-context.ts'
import { catalogRoutes } from './catalog-routes.ts'
import { PriceReview } from './price-review.ts'
import { ProductDatabase } from './product-database.ts'
import { ProductCatalog } from './product-catalog.ts'

/** Starts the catalog: products from its database, read through the cache. */
export async function startCatalog(context: ShopContext): Promise<void> {
  const { config, lifecycle, log } = context
  mkdirSync(config.dataDir, { recursive: true })
  const database = new ProductDatabase(join(config.dataDir, 'catalog.sqlite'), config.products)
  lifecycle.onShutdown('database', () => database.close())
  const cache = createCache({
    namespace: config.cacheNamespace,
    redis: config.redisUrl,
    local: { maxItems: 2_000 },
    // Loads are timers on the events of requests; see the README.
    loadSpans: false,
    onError: (error) => log.warn({ code: error.code }, error.message),
  })
  lifecycle.onShutdown('cache', () => cache.close())
  const products = new ProductCatalog(cache, database)
  await serveShop(context, {
    name: 'catalog',
    port: config.catalogPort,
    variable: 'SHOP_CATALOG_PORT',
    routes: (business) => catalogRoutes(business, products),
  })
  const review = new PriceReview(products, database.count(), Math.random)
  const task = cronTask('price.review', (work) => review.run(work), { onError: (error) => log.warn({ err: error }, 'prices could not be reviewed') })
  lifecycle.onShutdown('price review', every(config.cronIntervalMs, task))
}
