import { runShopService } from '../run-shop-service.ts'
import { startCheckout } from './start-checkout.ts'

await runShopService({ name: 'checkout', description: 'The shop\'s orders, each written once.', start: startCheckout }, process.env)
