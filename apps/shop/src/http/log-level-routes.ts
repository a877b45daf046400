import { type LogLevel, logLevels } from '@ballast/service'
import type { FastifyInstance } from 'fastify'
import type { ShopContext } from '../shop-context.ts'
import { loopbackOnly } from './loopback-only.ts'

const body = { type: 'object', required: ['level'], additionalProperties: false, properties: { level: { enum: logLevels } } } as const

/** `GET` and `PUT /log-level`: how much is logged, changed while the service runs. For callers on this machine only. */
export function logLevelRoutes(server: FastifyInstance, logs: ShopContext['logs']): void {
  const shown = (): { readonly level: string } => ({ level: logs.level })
  server.get('/log-level', { onRequest: loopbackOnly }, shown)
  server.put<{ Body: { level: LogLevel } }>('/log-level', { onRequest: loopbackOnly, schema: { body } }, (request) => {
    logs.level = request.body.level
    return shown()
  })
}
