import type { FastifyInstance } from 'fastify'
import type { Checkout } from './checkout.ts'
import type { OrderRequest } from './order-database.ts'

/** Bounds of an `Idempotency-Key`. */
export const idempotencyKeySchema = { type: 'string', minLength: 1, maxLength: 128 } as const

const body = {
  type: 'object',
  required: ['productId', 'quantity', 'unitPriceCents'],
  additionalProperties: false,
  properties: {
    productId: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,40}$' },
    quantity: { type: 'integer', minimum: 1, maximum: 100 },
    unitPriceCents: { type: 'integer', minimum: 0, maximum: 100_000_000 },
  },
} as const
const headers = { type: 'object', properties: { 'idempotency-key': idempotencyKeySchema } } as const

/** `POST /orders`. */
export function checkoutRoutes(server: FastifyInstance, checkout: Checkout): void {
  server.post<{ Body: OrderRequest; Headers: { 'idempotency-key'?: string } }>('/orders', { schema: { body, headers } }, async (request, reply) => {
    const { order, replayed } = await checkout.place(request.body, request.headers['idempotency-key'])
    if (replayed) reply.header('idempotent-replayed', 'true')
    return reply.code(201).send(order)
  })
}
