import type { FastifyInstance } from 'fastify'
import { storefrontPage } from './storefront-page.ts'
import type { Shop } from './shop.ts'

const productId = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,40}$' } as const
const params = { type: 'object', required: ['id'], properties: { id: productId } } as const
const body = {
  type: 'object',
  required: ['productId', 'quantity'],
  additionalProperties: false,
  properties: { productId, quantity: { type: 'integer', minimum: 1, maximum: 100 } },
} as const
const headers = { type: 'object', properties: { 'idempotency-key': { type: 'string', minLength: 1, maxLength: 128 } } } as const

/** `GET /`, `GET /products/:id` and `POST /orders`. */
export function storefrontRoutes(server: FastifyInstance, shop: Shop): void {
  server.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(storefrontPage))
  server.get<{ Params: { id: string } }>('/products/:id', { schema: { params } }, (request) => shop.product(request.params.id))
  server.post<{ Body: { productId: string; quantity: number }; Headers: { 'idempotency-key'?: string } }>(
    '/orders',
    { schema: { body, headers } },
    async (request, reply) => {
      const order = await shop.order(request.body.productId, request.body.quantity, request.headers['idempotency-key'])
      return reply.code(201).send(order)
    },
  )
}
