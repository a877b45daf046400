import type { ServiceContext } from '@ballast/service'
import { ChildService } from './child-service.ts'
import type { ShopConfig } from './config.ts'

/** In the order in which they need each other. */
const SERVICES = ['catalog', 'checkout', 'storefront', 'traffic'] as const

/** Starts every service of the shop, each in its own process. When one stops, all stop. */
export async function startShop({ lifecycle, log }: ServiceContext<ShopConfig>): Promise<void> {
  for (const name of SERVICES) {
    const service = await ChildService.start(name, () => {
      log.fatal(`${name} stopped; stopping the others`)
      process.kill(process.pid, 'SIGTERM')
    })
    lifecycle.onShutdown(name, () => service.stop())
  }
}
