import { createHttpServer, listen } from '@ballast/service'
import { startTelemetry } from '@ballast/telemetry'
import { telemetryPlugin, telemetryPluginDefaults } from '@ballast/telemetry/fastify'
import type { FastifyInstance } from 'fastify'
import { addresses } from '../addresses.ts'
import { applyFaults, faultRoutes } from '../faults/fault-routes.ts'
import { Faults } from '../faults/faults.ts'
import type { ShopContext } from '../shop-context.ts'
import { logLevelRoutes } from './log-level-routes.ts'

/** One of the shop's services. */
export interface ShopServerOptions {
  /** `service.name`. */
  readonly name: 'storefront' | 'catalog' | 'checkout'
  readonly port: number
  /** Variable that moves the port. */
  readonly variable: string
  /** Adds the business routes: those that faults act on. */
  readonly routes: (business: FastifyInstance) => void
}

/** Serves one of the shop's services: telemetry, health, faults, its routes. */
export async function serveShop(context: ShopContext, options: ShopServerOptions): Promise<void> {
  const { config, log, health, metrics, lifecycle } = context
  const { catalog, checkout } = addresses(config)
  const telemetry = startTelemetry({
    service: options.name,
    endpoint: config.otlpEndpoint,
    env: { OTEL_EXPORTER_OTLP_HEADERS: config.otlpHeaders },
    exportDelay: config.telemetryDelayMs,
    metrics,
    metricInterval: config.metricIntervalMs,
    sampling: { oneIn: config.sampleOneIn },
    // The three stop one after another, so one that cannot reach the receiver must not use up the others' time.
    shutdownTimeout: '2s',
    dependencies: { [new URL(catalog).origin]: 'catalog', [new URL(checkout).origin]: 'checkout' },
  })
  lifecycle.onShutdown('telemetry', () => telemetry.shutdown())

  const server = createHttpServer({ log, health, metrics, bodyLimitBytes: 16 * 1024 })
  lifecycle.onShutdown('http server', () => server.close())
  await server.register(telemetryPlugin, { ignoreRoutes: [...telemetryPluginDefaults.ignoreRoutes, '/faults', '/log-level'] })
  const faults = new Faults(Math.random)
  faultRoutes(server, faults)
  logLevelRoutes(server, context.logs)
  await server.register(async (business) => {
    applyFaults(business, faults)
    options.routes(business)
  })
  const port = await listen(server, { host: config.host, port: options.port, variable: options.variable })
  log.info({ port }, 'listening')
}
