import { type ChannelOptions, Metadata, type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, type ServiceDefinition, type StatusObject } from '@grpc/grpc-js'
import { ServiceError } from '@ballast/service'
import type { Counters } from '../counters.ts'
import { IngestError } from '../errors.ts'
import { exportResponseBody } from '../otlp-http/response-body.ts'
import type { RequestHandler } from '../otlp-http/export-handler.ts'
import { queueFull, tooLarge } from '../otlp-http/read-body.ts'
import { endpoints, type SignalEndpoint } from '../otlp-http/signal.ts'
import { RECEIPT_HEADER } from '../receipts/receipt.ts'
import { statusOf, statusProtobuf } from '../rpc-status.ts'
import type { TlsFiles } from '../tls.ts'

/** Requests of one connection that run at once. Each may hold a whole message before it is admitted. */
const MAX_CONCURRENT_STREAMS = 100

/** Longer than a load balancer's idle time: connections are closed when nothing came for so long. Milliseconds. */
const IDLE_MS = 300_000

const OK = 0

/** What every service has one of. */
const METHOD = 'Export'

export interface GrpcServerOptions {
  readonly handler: Pick<RequestHandler, 'handle'>
  readonly counters: Counters
  readonly maxBodyBytes: number
  readonly tls: TlsFiles | undefined
  /** Told of errors that are ingest's own fault. */
  readonly onInternalError: (error: unknown, endpoint: SignalEndpoint) => void
}

/** OTLP/gRPC: the three collector services. Messages stay bytes; what becomes of them is decided as for OTLP/HTTP. */
export class GrpcServer {
  readonly #server: Server
  readonly #options: GrpcServerOptions

  constructor(options: GrpcServerOptions) {
    this.#options = options
    const channel: ChannelOptions = {
      'grpc.max_receive_message_length': options.maxBodyBytes,
      'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
      'grpc.max_connection_idle_ms': IDLE_MS,
      'grpc.enable_channelz': 0,
    }
    this.#server = new Server(channel)
    for (const endpoint of endpoints) {
      this.#server.addService(serviceOf(endpoint), { [METHOD]: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void this.#answer(endpoint, call, callback) })
    }
  }

  /** @returns the port it listens on, also when 0 was asked for. @throws ServiceError PORT_TAKEN */
  async listen(host: string, port: number): Promise<number> {
    const { tls } = this.#options
    const credentials =
      tls === undefined ? ServerCredentials.createInsecure() : ServerCredentials.createSsl(tls.ca ?? null, [{ cert_chain: tls.cert, private_key: tls.key }], tls.ca !== undefined)
    const address = host.includes(':') ? `[${host}]` : host
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`${address}:${port}`, credentials, (error, bound) => {
        if (error === null) resolve(bound)
        else reject(new ServiceError('PORT_TAKEN', `port ${port} on ${host} cannot be listened on; set INGEST_GRPC_PORT to a free port, or stop what uses it.`, { cause: error }))
      })
    })
  }

  /** Takes no more calls, and waits for those that run; when `signal` aborts, they are broken off. */
  async close(signal: AbortSignal): Promise<void> {
    const breakOff = (): void => this.#server.forceShutdown()
    signal.addEventListener('abort', breakOff, { once: true })
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()))
    signal.removeEventListener('abort', breakOff)
  }

  async #answer(endpoint: SignalEndpoint, call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): Promise<void> {
    const { handler, counters, maxBodyBytes, onInternalError } = this.#options
    const message = call.request
    try {
      const outcome = await handler.handle(endpoint, {
        headers: headersOf(call.metadata),
        deadlineAtMs: Number(call.getDeadline()),
        encoding: 'protobuf',
        async read(limitBytes, reservation) {
          if (message.length > limitBytes) throw tooLarge(maxBodyBytes)
          if (!reservation.resize(message.length)) throw queueFull()
          return message
        },
        isAwaited: () => !call.cancelled,
      })
      counters.request('grpc', endpoint.signal, OK)
      const trailer = new Metadata()
      if (outcome.receipt !== undefined) trailer.set(RECEIPT_HEADER, outcome.receipt)
      callback(null, exportResponseBody(outcome, endpoint, 'protobuf'), trailer)
    } catch (thrown) {
      const error = IngestError.from(thrown)
      if (error.code === 'INTERNAL') onInternalError(thrown, endpoint)
      counters.request('grpc', endpoint.signal, statusOf(error).code)
      callback(failure(error))
    }
  }
}

function serviceOf({ grpcService }: SignalEndpoint): ServiceDefinition {
  const asIs = (bytes: Buffer): Buffer => bytes
  return {
    [METHOD]: {
      path: `/${grpcService}/${METHOD}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  }
}

/** Metadata as HTTP headers, as far as they are texts. */
function headersOf(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata.getMap()).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** The whole status is in `grpc-status-details-bin`: exporters look there for `RetryInfo`. */
function failure(error: IngestError): Partial<StatusObject> {
  const { code, message } = statusOf(error)
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', statusProtobuf(error))
  return { code, details: message, metadata }
}
