import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Counters } from '../counters.ts'
import { IngestError } from '../errors.ts'
import { EVENTS_PATH, handleEvents, refusalOfEvents } from '../events/events-handler.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { RECEIPT_HEADER } from '../receipts/receipt.ts'
import { addReceiptRoute, type ReceiptRouteOptions } from '../receipts/receipt-route.ts'
import { statusJson, statusProtobuf } from '../rpc-status.ts'
import { allowOrigins } from './cors.ts'
import { encodingOf, mediaTypes } from './content-type.ts'
import type { ExportHead, RequestHandler } from './export-handler.ts'
import { discardBody, readBody } from './read-body.ts'
import { exportResponseBody } from './response-body.ts'
import { endpoints, type Signal } from './signal.ts'

const PREFIX = '/v1'
const paths = [...endpoints.map(({ path }) => path), EVENTS_PATH]
const OTHER_METHODS = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export interface OtlpRoutesOptions {
  readonly handler: RequestHandler
  readonly counters: Counters
  readonly ledger: Ledger
  readonly receiptRoute: ReceiptRouteOptions
  /** Origins whose pages may send from the browser; `*` is any. @default none */
  readonly corsOrigins?: ReadonlySet<string>
}

/** Adds the OTLP/HTTP endpoints, and the one of plain events, under `/v1`. Every answer of theirs, errors included, is in the request's encoding. */
export async function registerOtlpRoutes(server: FastifyInstance, options: OtlpRoutesOptions): Promise<void> {
  const { handler, counters, ledger, receiptRoute, corsOrigins } = options

  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = IngestError.from(error)
    if (answer.code === 'INTERNAL') request.log.error({ err: error, route: request.routeOptions.url }, 'request failed')
    const encoding = encodingOf(request.headers['content-type']) ?? 'json'
    if (answer.retryAfterSeconds !== undefined) void reply.header('retry-after', String(answer.retryAfterSeconds))
    if (answer.code === 'METHOD_NOT_ALLOWED') void reply.header('allow', 'POST')
    if (answer.code === 'UNAUTHENTICATED') void reply.header('www-authenticate', 'Bearer')
    void reply.code(answer.statusCode).header('content-type', mediaTypes[encoding])
    const body = encoding === 'json' ? statusJson(answer) : statusProtobuf(answer)
    discardBody(request.raw, () => void reply.send(body))
  }

  /** Answers at once what is refused by its head: without a handler, its promises and its error, which cost more than all else. */
  const refuseFirst = (refusalOf: (request: FastifyRequest) => IngestError | undefined): onRequestHookHandler => (request, reply, done) => {
    const refusal = refusalOf(request)
    if (refusal === undefined) done()
    else answerError(refusal, request, reply)
  }

  await server.register(
    async (scope) => {
      // The body stays unread until a request is admitted; then its bytes are read as they are.
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      allowOrigins(scope, corsOrigins ?? new Set())
      scope.setErrorHandler(answerError)
      scope.setNotFoundHandler((request, reply) => {
        answerError(new IngestError('NOT_FOUND', `no such path; there are ${paths.map((path) => PREFIX + path).join(', ')}.`), request, reply)
      })
      scope.addHook('onResponse', (request, reply, done) => {
        counters.request('http', signalOf(request), reply.statusCode)
        done()
      })
      for (const endpoint of endpoints) {
        const headOf = ({ headers }: FastifyRequest): ExportHead => ({ headers, encoding: encodingOf(headers['content-type']) })
        scope.post(endpoint.path, { onRequest: refuseFirst((request) => handler.refusal(endpoint, headOf(request))) }, async (request, reply) => {
          const head = headOf(request)
          const outcome = await handler.handle(endpoint, { ...head, read: (limit, reservation) => readBody(request.raw, limit, reservation), isAwaited: () => !request.raw.socket.destroyed })
          if (outcome.receipt !== undefined) void reply.header(RECEIPT_HEADER, outcome.receipt)
          // Without an encoding it has been refused.
          return reply.code(200).header('content-type', mediaTypes[head.encoding!]).send(exportResponseBody(outcome, endpoint, head.encoding!))
        })
      }
      scope.post(EVENTS_PATH, { onRequest: refuseFirst((request) => refusalOfEvents(handler, request.raw)) }, async (request, reply) => {
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
