import { createServer } from 'node:http'

// `node sink.ts`: an OTLP/HTTP receiver that keeps what it gets and counts it only when it is asked, so that it costs little meanwhile.
const bodies: Record<'spans' | 'events', Buffer[]> = { spans: [], events: [] }
const server = createServer((request, response) => {
  const kind = request.url === '/v1/traces' ? 'spans' : 'events'
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  const chunks: Buffer[] = []
  request.on('end', () => {
    bodies[kind].push(Buffer.concat(chunks))
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
})
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as { port: number }).port }))
process.on('message', () => {
  process.send!({ spans: count(bodies.spans), events: count(bodies.events) })
  bodies.spans.length = 0
  bodies.events.length = 0
})
process.once('disconnect', () => process.exit())

/** ExportTraceServiceRequest and ExportLogsServiceRequest alike: 1 resource groups, 2 scopes, 2 records. */
function count(requests: readonly Buffer[]): number {
  const inner = (bytes: Buffer, field: number): Buffer[] => fields(bytes).filter((each) => each.field === field).map((each) => each.bytes)
  return requests.flatMap((request) => inner(request, 1)).flatMap((group) => inner(group, 2)).reduce((sum, scope) => sum + inner(scope, 2).length, 0)
}

function fields(bytes: Buffer): { field: number; bytes: Buffer }[] {
  const found: { field: number; bytes: Buffer }[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const wireType = tag & 7
    if (wireType === 0) varint()
    else {
      const length = wireType === 1 ? 8 : wireType === 5 ? 4 : varint()
      found.push({ field: Math.floor(tag / 8), bytes: bytes.subarray(at, at + length) })
      at += length
    }
  }
  return found
}
