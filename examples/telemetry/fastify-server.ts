// A Fastify 5 service that calls another service. Every request leaves one trace and one event.
//
//   node --conditions=@ballast/source examples/telemetry/fastify-server.ts
//   curl http://127.0.0.1:3000/orders/7
import type { AddressInfo } from 'node:net'
import { currentWork, startTelemetry, unitOfWork } from '@ballast/telemetry'
import { telemetryPlugin } from '@ballast/telemetry/fastify'
import { fastify } from 'fastify'

const telemetry = startTelemetry({ service: 'example-fastify', env: process.env })
const server = fastify({ forceCloseConnections: true })
await server.register(telemetryPlugin, { tenant: (request) => request.headers['x-tenant']?.toString() })

server.get<{ Params: { id: string } }>('/orders/:id', async ({ params }) => {
  currentWork().set('order.id', params.id)
  // A part that is worth its own figures, though not its own event.
  const lines = await unitOfWork('order.lines', { fold: true }, async (work) => {
    work.add('read', 3)
    return ['anvil', 'rope', 'magnet']
  })
  return { id: params.id, lines }
})

// A service that handles the signals itself shuts telemetry down last.
process.once('SIGTERM', () => void stop())
async function stop(): Promise<void> {
  await server.close()
  await telemetry.shutdown()
}

await server.listen({ port: Number(process.env['PORT'] ?? 3000), host: '127.0.0.1' })
process.stdout.write(`listening on ${(server.server.address() as AddressInfo).port}\n`)
