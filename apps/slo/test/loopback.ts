import { createServer, get, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'

/** What a webhook receiver was sent. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One answer of the receiver. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** The request is read and never answered. */
  readonly hang?: true
}

/** A webhook receiver that answers as told: the given answers in order, then 204. */
export async function startReceiver(answers: Answer[] = []): Promise<{ url: string; received: Received[]; answers: Answer[]; close: () => Promise<void> }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() })
      const answer: Answer = answers.shift() ?? { status: 204 }
      const { status, headers, hang } = answer
      if (hang === true) return
      response.writeHead(status, headers).end()
    })
  })
  const port = await listening(server)
  return { url: `http://127.0.0.1:${port}/alerts`, received, answers, close: () => closed(server, () => server.closeAllConnections()) }
}

/** A wire to a server that can be cut and mended. */
export async function startWire(target: URL): Promise<{ url: string; cut: () => void; mend: () => void; close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  let whole = true
  const server = createTcpServer((inbound) => {
    if (!whole) return void inbound.destroy()
    const outbound = connect(Number(target.port), target.hostname)
    for (const [socket, other] of [[inbound, outbound], [outbound, inbound]] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    inbound.pipe(outbound).pipe(inbound)
  })
  const port = await listening(server)
  const destroyAll = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    url: `http://127.0.0.1:${port}`,
    cut: () => {
      whole = false
      destroyAll()
    },
    mend: () => {
      whole = true
    },
    close: () => closed(server, destroyAll),
  }
}

/** Gets a page over a connection of its own: a pooled one may belong to a server that was stopped since. */
export function getText(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
      response.on('error', reject)
    })
    request.setTimeout(5000, () => request.destroy(new Error(`no answer from ${url}`)))
    request.on('error', reject)
  })
}

export function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

export function closed(server: Server, disconnect: () => void): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    disconnect()
  })
}
