import { runService } from '@ballast/service'
import { settings } from '../config.ts'
import { startTraffic } from './start-traffic.ts'

await runService({ name: 'traffic', description: 'The shop\'s customers: seeded requests to the storefront at a steady rate.', settings, start: startTraffic }, process.env)
