import { runService } from '@ballast/service'
import { settings } from '../config.ts'
import { startStorefront } from './start-storefront.ts'

await runService({ name: 'storefront', description: 'The shop\'s front: products and orders, by calling catalog and checkout.', settings, start: startStorefront }, process.env)
