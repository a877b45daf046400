import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createCache } from '@ballast/cache'
import type { ServiceContext } from '@ballast/service'
import type { ShopConfig } from '../config.ts'
import { serveShop } from '../http/shop-server.ts'
import { catalogRoutes } from './catalog-routes.ts'
import { ProductDatabase } from './product-database.ts'
import { ProductReader } from './product-reader.ts'

/** Starts the catalog: products from its database, read through the cache. */
export async function startCatalog(context: ServiceContext<ShopConfig>): Promise<void> {
  const { config, lifecycle, log } = context
  mkdirSync(config.dataDir, { recursive: true })
  const database = new ProductDatabase(join(config.dataDir, 'catalog.sqlite'), config.products)
  lifecycle.onShutdown('database', () => database.close())
  const cache = createCache({
    namespace: config.cacheNamespace,
    redis: config.redisUrl,
    local: { maxItems: 2_000 },
    onError: (error) => log.warn({ code: error.code }, error.message),
  })
  lifecycle.onShutdown('cache', () => cache.close())
  const products = new ProductReader(cache, database)
  await serveShop(context, {
    name: 'catalog',
    port: config.catalogPort,
    variable: 'SHOP_CATALOG_PORT',
    routes: (business) => catalogRoutes(business, products),
  })
}
