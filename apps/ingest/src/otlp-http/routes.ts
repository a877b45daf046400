import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Counters } from '../counters.ts'
import { IngestError } from '../errors.ts'
import { EVENTS_PATH, handleEvents } from '../events/events-handler.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { RECEIPT_HEADER } from '../receipts/receipt.ts'
import { addReceiptRoute, type ReceiptRouteOptions } from '../receipts/receipt-route.ts'
import { statusJson, statusProtobuf } from '../rpc-status.ts'
import { allowOrigins } from './cors.ts'
import { encodingOf, mediaTypes } from './content-type.ts'
import type { ExportHandler } from './export-handler.ts'
import { discardBody, readBody } from './read-body.ts'
import { exportResponseBody } from './response-body.ts'
import { endpoints, type Signal } from './signal.ts'

const PREFIX = '/v1'
const paths = [...endpoints.map(({ path }) => path), EVENTS_PATH]
const OTHER_METHODS = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export interface OtlpRoutesOptions {
  readonly handler: Pick<ExportHandler, 'handle'>
  readonly counters: Counters
  readonly ledger: Ledger
  readonly receiptRoute: ReceiptRouteOptions
  /** Origins whose pages may send from the browser; `*` is any. @default none */
  readonly corsOrigins?: ReadonlySet<string>
}

/** Adds the OTLP/HTTP endpoints, and the one of plain events, under `/v1`. Every answer of theirs, errors included, is in the request's encoding. */
export async function registerOtlpRoutes(server: FastifyInstance, options: OtlpRoutesOptions): Promise<void> {
  const { handler, counters, ledger, receiptRoute, corsOrigins } = options

  const answerError = async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const answer = IngestError.from(error)
    if (answer.code === 'INTERNAL') request.log.error({ err: error, route: request.routeOptions.url }, 'request failed')
    const encoding = encodingOf(request.headers['content-type']) ?? 'json'
    if (answer.retryAfterSeconds !== undefined) void reply.header('retry-after', String(answer.retryAfterSeconds))
    if (answer.code === 'METHOD_NOT_ALLOWED') void reply.header('allow', 'POST')
    if (answer.code === 'UNAUTHENTICATED') void reply.header('www-authenticate', 'Bearer')
    await discardBody(request.raw)
    return reply.code(answer.statusCode).header('content-type', mediaTypes[encoding]).send(encoding === 'json' ? statusJson(answer) : statusProtobuf(answer))
  }

  await server.register(
    async (scope) => {
      // The body stays unread until a request is admitted; then its bytes are read as they are.
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      allowOrigins(scope, corsOrigins ?? new Set())
      scope.setErrorHandler(answerError)
      scope.setNotFoundHandler((request, reply) => {
        return answerError(new IngestError('NOT_FOUND', `no such path; there are ${paths.map((path) => PREFIX + path).join(', ')}.`), request, reply)
      })
      scope.addHook('onResponse', (request, reply, done) => {
        counters.request('http', signalOf(request), reply.statusCode)
        done()
      })
      for (const endpoint of endpoints) {
        scope.post(endpoint.path, async (request, reply) => {
          const { headers } = request
          const encoding = encodingOf(headers['content-type'])
          const outcome = await handler.handle(endpoint, { headers, encoding, read: (limit, reservation) => readBody(request.raw, limit, reservation), isAwaited: () => !request.raw.socket.destroyed })
          // Without an encoding it has been refused.
          if (outcome.receipt !== undefined) void reply.header(RECEIPT_HEADER, outcome.receipt)
          return reply.code(200).header('content-type', mediaTypes[encoding!]).send(exportResponseBody(outcome, endpoint, encoding!))
        })
      }
      scope.post(EVENTS_PATH, async (request, reply) => {
        const { answer, receipt } = await handleEvents(handler, ledger, request.raw)
        if (receipt !== undefined) void reply.header(RECEIPT_HEADER, receipt)
        return answer
      })
      addReceiptRoute(scope, receiptRoute)
      for (const path of paths) {
        scope.route({
          method: OTHER_METHODS,
          url: path,
          handler: () => {
            throw new IngestError('METHOD_NOT_ALLOWED', `${PREFIX}${path} takes POST only.`)
          },
        })
      }
    },
    { prefix: PREFIX },
  )
}

function signalOf(request: FastifyRequest): Signal | 'unknown' {
  const { url } = request.routeOptions
  return url === PREFIX + EVENTS_PATH ? 'logs' : (endpoints.find((endpoint) => PREFIX + endpoint.path === url)?.signal ?? 'unknown')
}
