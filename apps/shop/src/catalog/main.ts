import { runShopService } from '../run-shop-service.ts'
import { startCatalog } from './start-catalog.ts'

await runShopService({ name: 'catalog', description: 'The shop\'s products, read from a database through the cache.', start: startCatalog }, process.env)
