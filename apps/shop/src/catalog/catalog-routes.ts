import type { FastifyInstance } from 'fastify'
import { ShopError } from '../errors.ts'
import type { ProductCatalog } from './product-catalog.ts'

/** Most ids in one `GET /products?ids=`. */
const MAX_IDS = 100
const idPattern = '[A-Za-z0-9_-]{1,40}'

/** `GET /products/:id` and `GET /products?ids=1,2`. */
export function catalogRoutes(server: FastifyInstance, products: ProductCatalog): void {
  const params = { type: 'object', required: ['id'], properties: { id: { type: 'string', pattern: `^${idPattern}$` } } } as const
  server.get<{ Params: { id: string } }>('/products/:id', { schema: { params } }, async (request) => {
    const { id } = request.params
    const product = await products.product(id)
    if (product === null) throw new ShopError('PRODUCT_UNKNOWN', `there is no product ${id}`)
    return product
  })

  const querystring = {
    type: 'object',
    required: ['ids'],
    properties: { ids: { type: 'string', pattern: `^${idPattern}(,${idPattern}){0,${MAX_IDS - 1}}$` } },
  } as const
  server.get<{ Querystring: { ids: string } }>('/products', { schema: { querystring } }, async (request) => ({
    products: await products.products(request.query.ids.split(',')),
  }))
}
