import { runShopService } from '../run-shop-service.ts'
import { startStorefront } from './start-storefront.ts'

await runShopService({ name: 'storefront', description: 'The shop\'s front: products and orders, by calling catalog and checkout.', start: startStorefront }, process.env)
