import { runService } from '@ballast/service'
import { settings } from './config.ts'
import { startShop } from './start-shop.ts'

await runService({ name: 'shop', description: 'Three demo services and their traffic, each in a process of its own.', settings, start: startShop }, process.env)
