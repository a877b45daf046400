import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceContext } from '@ballast/service'
import type { ShopConfig } from '../config.ts'
import { serveShop } from '../http/shop-server.ts'
import { Checkout } from './checkout.ts'
import { checkoutRoutes } from './checkout-routes.ts'
import { OrderDatabase } from './order-database.ts'

/** Starts the checkout: writes orders into its database. */
export async function startCheckout(context: ServiceContext<ShopConfig>): Promise<void> {
  const { config, lifecycle } = context
  mkdirSync(config.dataDir, { recursive: true })
  const orders = new OrderDatabase(join(config.dataDir, 'checkout.sqlite'))
  lifecycle.onShutdown('database', () => orders.close())
  const checkout = new Checkout(orders, randomUUID)
  await serveShop(context, {
    name: 'checkout',
    port: config.checkoutPort,
    variable: 'SHOP_CHECKOUT_PORT',
    routes: (business) => checkoutRoutes(business, checkout),
  })
}
