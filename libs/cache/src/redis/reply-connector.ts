import { AbstractConnector } from 'ioredis'
import type { TcpSocketConnectOpts } from 'node:net'
import { ReplySocket } from './reply-socket.ts'

type Address = Pick<TcpSocketConnectOpts, 'host' | 'port' | 'family'> & { readonly path?: string }

/** Has ioredis use {@link ReplySocket}s, for connections without TLS. */
export class ReplyConnector extends AbstractConnector {
  readonly #address: Address

  /** @param options - those of the client. */
  constructor(options: unknown) {
    const { disconnectTimeout, ...address } = options as Address & { readonly disconnectTimeout: number }
    super(disconnectTimeout)
    this.#address = address
  }

  override connect(): Promise<ReplySocket> {
    this.connecting = true
    const socket = new ReplySocket()
    this.stream = socket
    socket.once('error', (error) => (this.firstError = error))
    const { path, host, port, family } = this.#address
    if (path) socket.connect({ path })
    else socket.connect({ port, ...(host != null && { host }), ...(family != null && { family }) })
    return Promise.resolve(socket)
  }
}
