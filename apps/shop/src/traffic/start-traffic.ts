import { randomUUID } from 'node:crypto'
import { createHttpServer, listen, type ServiceContext } from '@ballast/service'
import { addresses } from '../addresses.ts'
import type { ShopConfig } from '../config.ts'
import { seededRandom } from '../random.ts'
import { Customer } from './customer.ts'
import { OpenLoop } from './open-loop.ts'
import { requestMix } from './request-mix.ts'
import { TrafficStats } from './traffic-stats.ts'

/** How often it is looked what is due. Milliseconds. */
const TICK_MS = 10

/** Starts the traffic. It plays the customers' browsers, so it has no telemetry of its own: a trace begins at the storefront. */
export async function startTraffic({ config, log, health, metrics, lifecycle }: ServiceContext<ShopConfig>): Promise<void> {
  const stats = new TrafficStats()
  const server = createHttpServer({ log, health, metrics })
  lifecycle.onShutdown('http server', () => server.close())
  server.get('/stats', () => stats.snapshot(config.trafficRequests))
  const port = await listen(server, { host: config.host, port: config.trafficPort, variable: 'SHOP_TRAFFIC_PORT' })
  log.info({ port }, 'listening')

  const customer = new Customer(addresses(config).storefront, config.trafficTimeoutMs, randomUUID)
  const loop = new OpenLoop({
    rate: config.trafficRate,
    requests: config.trafficRequests,
    maxConcurrency: config.trafficMaxConcurrency,
    next: requestMix(config.products, Number(config.trafficZipfExponent), seededRandom(config.trafficSeed)),
    send: (request) => customer.send(request),
    stats,
    now: () => performance.now(),
  })
  const timer = setInterval(() => {
    if (!loop.tick()) clearInterval(timer)
  }, TICK_MS)
  lifecycle.onShutdown('traffic', () => {
    clearInterval(timer)
    return loop.drained()
  })
}
