import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cronTask } from '@ballast/telemetry/cron'
import { observeRedis } from '@ballast/telemetry/ioredis'
import { every } from '../every.ts'
import { serveShop } from '../http/shop-server.ts'
import type { ShopContext } from '../shop-context.ts'
import { Checkout } from './checkout.ts'
import { checkoutRoutes } from './checkout-routes.ts'
import { OrderDatabase } from './order-database.ts'
import { Packing } from './packing.ts'
import { ParcelQueue } from './parcel-queue.ts'

/** Starts the checkout: writes orders into its database. */
export async function startCheckout(context: ShopContext): Promise<void> {
  const { config, lifecycle, log } = context
  mkdirSync(config.dataDir, { recursive: true })
  const orders = new OrderDatabase(join(config.dataDir, 'checkout.sqlite'))
  lifecycle.onShutdown('database', () => orders.close())
  const parcels = new ParcelQueue(config.redisUrl, `${config.cacheNamespace}-queue`, log)
  lifecycle.onShutdown('parcel queue', () => parcels.close())
  lifecycle.onShutdown('redis timers', observeRedis({ timer: 'queue' }))
  const checkout = new Checkout(orders, parcels, randomUUID)
  await serveShop(context, {
    name: 'checkout',
    port: config.checkoutPort,
    variable: 'SHOP_CHECKOUT_PORT',
    routes: (business) => checkoutRoutes(business, checkout),
  })
  const packing = new Packing(orders, parcels, log)
  lifecycle.onShutdown('packing', parcels.work((orderId) => packing.pack(orderId)))
  const sweep = cronTask('parcel.sweep', (work) => packing.sweep(work), { onError: (error) => log.warn({ err: error }, 'parcels could not be swept') })
  lifecycle.onShutdown('parcel sweep', every(config.cronIntervalMs, sweep))
}
