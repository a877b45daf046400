import { randomUUID } from 'node:crypto'
import { addresses } from '../addresses.ts'
import { serveShop } from '../http/shop-server.ts'
import type { ShopContext } from '../shop-context.ts'
import { Downstream } from './downstream.ts'
import { Shop } from './shop.ts'
import { storefrontRoutes } from './storefront-routes.ts'

/** Starts the storefront: the service that customers talk to. */
export async function startStorefront(context: ShopContext): Promise<void> {
  const { config, log } = context
  const { catalog, checkout } = addresses(config)
  const shop = new Shop(
    new Downstream('catalog', catalog, config.downstreamTimeoutMs, log),
    new Downstream('checkout', checkout, config.downstreamTimeoutMs, log),
    randomUUID,
  )
  await serveShop(context, {
    name: 'storefront',
    port: config.storefrontPort,
    variable: 'SHOP_STOREFRONT_PORT',
    routes: (business) => storefrontRoutes(business, shop),
  })
}
