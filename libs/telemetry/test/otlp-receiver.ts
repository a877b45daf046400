import { createServer, type IncomingHttpHeaders } from 'node:http'

/** A span as it came over the wire. */
export interface ReceivedSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  /** As in OTLP: 2 is SERVER, 3 is CLIENT. */
  readonly kind: number
}

/** An event as it came over the wire. */
export interface ReceivedEvent {
  readonly service: string
  readonly eventName: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Readonly<Record<string, string | number | undefined>>
}

/** A metric as it came over the wire. */
export interface ReceivedMetric {
  readonly service: string
  readonly name: string
}

type Message = Map<number, (Buffer | bigint)[]>

/** Reads the fields of one protobuf message; groups do not occur in OTLP. */
function readMessage(bytes: Buffer): Message {
  const message: Message = new Map()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => bytes.subarray(at, (at += length))
  while (at < bytes.length) {
    const tag = Number(varint())
    const wireType = tag & 7
    const value = wireType === 0 ? varint() : take(wireType === 1 ? 8 : wireType === 5 ? 4 : Number(varint()))
    message.set(tag >>> 3, [...(message.get(tag >>> 3) ?? []), value])
  }
  return message
}

const all = (message: Message, field: number): Message[] => (message.get(field) ?? []).map((value) => readMessage(value as Buffer))
const bytesOf = (message: Message, field: number): Buffer => (message.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)

function attributesOf(message: Message, field: number): Record<string, string | number | undefined> {
  const value = (any: Message): string | number | undefined => {
    if (any.has(1)) return bytesOf(any, 1).toString()
    if (any.has(3)) return Number(any.get(3)![0])
    return any.has(4) ? bytesOf(any, 4).readDoubleLE() : undefined
  }
  return Object.fromEntries(all(message, field).map((pair) => [bytesOf(pair, 1).toString(), value(readMessage(bytesOf(pair, 2)))]))
}

/** ResourceSpans, ResourceLogs and ResourceMetrics have the same outer fields: 1 resource, 2 scopes with 2 records each. */
function records(request: Buffer): { service: string; record: Message }[] {
  return all(readMessage(request), 1).flatMap((group) => {
    const service = String(attributesOf(readMessage(bytesOf(group, 1)), 1)['service.name'])
    return all(group, 2).flatMap((scope) => all(scope, 2).map((record) => ({ service, record })))
  })
}

/** An OTLP/HTTP receiver that keeps what it gets. */
export async function startOtlpReceiver() {
  const spans: ReceivedSpan[] = []
  const events: ReceivedEvent[] = []
  const metrics: ReceivedMetric[] = []
  const headers: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      headers.push(request.headers)
      for (const { service, record } of records(Buffer.concat(chunks))) {
        if (request.url === '/v1/traces') {
          const [traceId, spanId, parentSpanId] = [1, 2, 4].map((field) => bytesOf(record, field).toString('hex')) as [string, string, string]
          spans.push({ service, traceId, spanId, parentSpanId, name: bytesOf(record, 5).toString(), kind: Number(record.get(6)?.[0]) })
        } else if (request.url === '/v1/metrics') metrics.push({ service, name: bytesOf(record, 1).toString() })
        else {
          const [traceId, spanId] = [9, 10].map((field) => bytesOf(record, field).toString('hex')) as [string, string]
          events.push({ service, traceId, spanId, eventName: bytesOf(record, 12).toString(), attributes: attributesOf(record, 6) })
        }
      }
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    events,
    metrics,
    headers,
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
