import { runService } from '@ballast/service'
import { settings } from '../config.ts'
import { startCheckout } from './start-checkout.ts'

await runService({ name: 'checkout', description: 'The shop\'s orders, each written once.', settings, start: startCheckout }, process.env)
