import type { FastifyInstance } from 'fastify'
import { RECEIPT_HEADER } from '../receipts/receipt.ts'

/** How long a browser may remember the answer to a preflight, seconds. Chromium keeps it for two hours at most. */
const MAX_AGE_SECONDS = 7200

/** Reads `INGEST_CORS_ORIGINS`: origins with a comma between them, or `*`. */
export function readOrigins(text: string): ReadonlySet<string> {
  return new Set(text.split(',').map((origin) => origin.trim().replace(/\/$/, '')).filter(Boolean))
}

/**
 * Lets pages of these origins send from the browser (https://fetch.spec.whatwg.org/#http-cors-protocol). Any header may be sent:
 * there are no cookies here that a page could abuse, and a key has to be shown all the same.
 */
export function allowOrigins(scope: FastifyInstance, origins: ReadonlySet<string>): void {
  if (origins.size === 0) return
  scope.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (!origins.has('*')) void reply.header('vary', 'origin')
    if (origin === undefined || !(origins.has('*') || origins.has(origin))) return done()
    void reply.header('access-control-allow-origin', origins.has('*') ? '*' : origin)
    const wanted = request.headers['access-control-request-method']
    if (request.method !== 'OPTIONS' || wanted === undefined) {
      void reply.header('access-control-expose-headers', `retry-after, ${RECEIPT_HEADER}`)
      return done()
    }
    void reply
      .code(204)
      .header('access-control-allow-methods', 'POST')
      .header('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '')
      .header('access-control-max-age', String(MAX_AGE_SECONDS))
      .send()
  })
}
