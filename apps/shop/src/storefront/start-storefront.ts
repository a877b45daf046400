import { randomUUID } from 'node:crypto'
import type { ServiceContext } from '@ballast/service'
import { addresses } from '../addresses.ts'
import type { ShopConfig } from '../config.ts'
import { serveShop } from '../http/shop-server.ts'
import { Downstream } from './downstream.ts'
import { Shop } from './shop.ts'
import { storefrontRoutes } from './storefront-routes.ts'

/** Starts the storefront: the service that customers talk to. */
export async function startStorefront(context: ServiceContext<ShopConfig>): Promise<void> {
  const { config } = context
  const { catalog, checkout } = addresses(config)
  const shop = new Shop(
    new Downstream('catalog', catalog, config.downstreamTimeoutMs),
    new Downstream('checkout', checkout, config.downstreamTimeoutMs),
    randomUUID,
  )
  await serveShop(context, {
    name: 'storefront',
    port: config.storefrontPort,
    variable: 'SHOP_STOREFRONT_PORT',
    routes: (business) => storefrontRoutes(business, shop),
  })
}
