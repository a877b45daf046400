import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { currentWork, startTelemetry, unitOfWork } from '../../src/index.ts'
import { telemetryPlugin } from '../../src/fastify.ts'
import { fastify } from 'fastify'

// `node crowd-server.ts <requests>`: holds requests until so many have come, so that all are under way at once, and then ends each in its
// own way. It does not handle signals: that is the library's part.
startTelemetry({ service: 'crowd', env: process.env, maxQueueSize: 50_000, shutdownTimeout: '20s' })
const crowd = Number(process.argv[2])
let open = Promise.withResolvers<void>()
let waiting = 0

const server = fastify({ forceCloseConnections: true })
await server.register(telemetryPlugin)
server.get<{ Params: { kind: string; id: string } }>('/:kind/:id', async ({ params: { kind, id } }, reply) => {
  currentWork().set('test.id', id)
  if (++waiting === crowd) open.resolve()
  await open.promise
  switch (kind) {
    case 'throw':
      throw new TypeError(`broken ${id}`)
    case 'timeout':
      return sleep(1_000, undefined, { signal: AbortSignal.timeout(1) }).catch((error: Error) => {
        currentWork().fail(error.cause)
        return reply.code(504).send({ late: true })
      })
    case 'abort':
      throw new DOMException('gone', 'AbortError')
    case 'disconnect':
      // Never answers: the client goes away.
      return new Promise(() => {})
    case 'child':
      return unitOfWork('crowd.child', async (work) => {
        work.set('test.id', id)
        await Promise.resolve()
        return { id }
      })
    default:
      return { id }
  }
})
process.on('message', () => {
  open = Promise.withResolvers<void>()
  waiting = 0
})
await server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
process.send!({ port: (server.server.address() as AddressInfo).port })
