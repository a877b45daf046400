import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ShopError } from '../errors.ts'
import type { Fault, Faults } from './faults.ts'

/** Longest delay that can be asked for. Milliseconds. */
const MAX_DELAY_MS = 60_000

const faultSchema = {
  type: 'object',
  required: ['kind', 'share'],
  additionalProperties: false,
  properties: {
    kind: { enum: ['errors', 'slow'] },
    share: { type: 'number', minimum: 0, maximum: 1 },
    delayMs: { type: 'integer', minimum: 0, maximum: MAX_DELAY_MS },
    route: { type: 'string', minLength: 1, maxLength: 200 },
  },
} as const

/** `GET`, `POST` and `DELETE /faults`, for callers on this machine only. */
export function faultRoutes(server: FastifyInstance, faults: Faults): void {
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    if (!isLoopback(request.ip)) throw new ShopError('FAULTS_LOOPBACK_ONLY', 'faults are switched from this machine only')
  }
  const shown = (): { faults: readonly Fault[] } => ({ faults: faults.active })
  server.get('/faults', { onRequest }, shown)
  server.post<{ Body: Fault }>('/faults', { onRequest, schema: { body: faultSchema } }, (request) => {
    faults.switchOn(request.body)
    return shown()
  })
  server.delete('/faults', { onRequest }, () => {
    faults.switchOff()
    return shown()
  })
}

/** Lets the active faults act on the routes of this instance. */
export function applyFaults(business: FastifyInstance, faults: Faults): void {
  business.addHook('preHandler', async (request) => {
    const { delayMs, fail } = faults.decide(request.method, request.routeOptions.url ?? '')
    if (delayMs > 0) await delay(delayMs)
    if (fail) throw new ShopError('FAULT_INJECTED', 'a fault was switched on for this service')
  })
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
