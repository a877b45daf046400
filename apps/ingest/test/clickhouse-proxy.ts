import { createServer, type AddressInfo, type Server, Socket } from 'node:net'

/** A TCP proxy in front of ClickHouse that can be away, or lose the answer of one insert. */
export interface ClickHouseProxy {
  readonly url: string
  /** Refuses and breaks every connection while set. */
  away: boolean
  /** Loses the answer of the next insert: it reaches ClickHouse, and its answer reaches nobody. */
  loseNextAnswer: boolean
  /** Answers lost so far. */
  readonly lost: () => number
  close(): Promise<void>
}

export async function clickHouseProxy(upstreamUrl: string): Promise<ClickHouseProxy> {
  const upstream = new URL(upstreamUrl)
  const sockets = new Set<Socket>()
  let lost = 0
  const server: Server = createServer((client) => {
    if (proxy.away) {
      client.destroy()
      return
    }
    const server = new Socket().connect(Number(upstream.port), upstream.hostname)
    let inserting = false
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (proxy.away) client.destroy()
      else {
        inserting ||= chunk.includes('query=INSERT') && !chunk.includes('ballast_migrations')
        server.write(chunk)
      }
    })
    server.on('data', (chunk) => {
      if (inserting && proxy.loseNextAnswer) {
        proxy.loseNextAnswer = false
        lost++
        client.destroy()
      } else {
        inserting = false
        client.write(chunk)
      }
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const proxy: ClickHouseProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    away: false,
    loseNextAnswer: false,
    lost: () => lost,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return proxy
}
