import { runService } from '@ballast/service'
import { settings } from '../config.ts'
import { startCatalog } from './start-catalog.ts'

await runService({ name: 'catalog', description: 'The shop\'s products, read from a database through the cache.', settings, start: startCatalog }, process.env)
