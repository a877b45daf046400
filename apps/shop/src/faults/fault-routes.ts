import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { ShopError } from '../errors.ts'
import { loopbackOnly } from '../http/loopback-only.ts'
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
  const shown = (): { faults: readonly Fault[] } => ({ faults: faults.active })
  server.get('/faults', { onRequest: loopbackOnly }, shown)
  server.post<{ Body: Fault }>('/faults', { onRequest: loopbackOnly, schema: { body: faultSchema } }, (request) => {
    faults.switchOn(request.body)
    return shown()
  })
  server.delete('/faults', { onRequest: loopbackOnly }, () => {
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
