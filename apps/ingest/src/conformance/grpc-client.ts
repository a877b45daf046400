import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { type Address, PointSkipped } from './point.ts'
import { readFields, textOf } from './protobuf-reader.ts'

const COMPRESSION = { identity: 0, gzip: 2 } as const

export interface GrpcCall {
  readonly method?: string
  readonly compression?: keyof typeof COMPRESSION
  /** Time for the answer, milliseconds. @default 30000 */
  readonly timeoutMs?: number
}

export interface GrpcAnswer {
  /** Status code; 0 is OK. */
  readonly code: number
  readonly message: string
  /** The response; empty when the call failed. */
  readonly body: Buffer
  /** `retry_delay` of `RetryInfo` in the status's details, seconds; `undefined` when there is none. */
  readonly retryAfterSeconds: number | undefined
}

export const TRACES = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
export const LOGS = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
export const METRICS = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

const asIs = (bytes: Buffer): Buffer => bytes

/** Makes one unary call on a connection of its own. @throws PointSkipped when there is no gRPC address. */
export async function call(address: Address, message: Uint8Array, options: GrpcCall = {}): Promise<GrpcAnswer> {
  const { method = TRACES, compression = 'identity', timeoutMs = 30_000 } = options
  if (address.grpcTarget === undefined) throw new PointSkipped('no gRPC address was given (--grpc-target)')
  const secure = address.grpcTarget.startsWith('https://')
  const client = new Client(address.grpcTarget.replace(/^https?:\/\//, ''), secure ? credentials.createSsl() : credentials.createInsecure(), {
    'grpc.default_compression_algorithm': COMPRESSION[compression],
    'grpc.max_send_message_length': -1,
    'grpc.use_local_subchannel_pool': 1,
  })
  const metadata = new Metadata()
  for (const [key, value] of Object.entries(address.headers)) metadata.set(key, value)
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(method, asIs, asIs, Buffer.from(message), metadata, { deadline: Date.now() + timeoutMs }, (error, body) => {
        resolve({ code: error?.code ?? 0, message: error?.details ?? '', body: body ?? Buffer.alloc(0), retryAfterSeconds: retryDelay(error) })
      })
    })
  } finally {
    client.close()
  }
}

function retryDelay(error: ServiceError | null): number | undefined {
  const [status] = error?.metadata.get('grpc-status-details-bin') ?? []
  if (!(status instanceof Buffer)) return undefined
  for (const detail of readFields(status).get(3) ?? []) {
    const any = readFields(detail as Buffer)
    if (!textOf(any, 1).endsWith('/google.rpc.RetryInfo')) continue
    const duration = readFields(any.get(2)![0] as Buffer).get(1)?.[0]
    return duration instanceof Buffer ? Number(readFields(duration).get(1)?.[0] ?? 0) : 0
  }
  return undefined
}
