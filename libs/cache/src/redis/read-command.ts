import { Command, type Redis } from 'ioredis'
import { ReplySocket, type ValueTaker } from './reply-socket.ts'

/** MGET on a connection that hands its values over where they lie in memory. Not to be sent twice. */
export class ReadCommand extends Command {
  readonly #client: Redis
  /** Let go when it is sent: V8 makes some functions of a command among what is old, and so keeps all that it refers to until the next full collection. */
  #keys: readonly string[]
  #taker: ValueTaker | undefined

  constructor(client: Redis, keys: readonly string[], taker: ValueTaker) {
    super('mget', [], { replyEncoding: null })
    this.#client = client
    this.#keys = keys
    this.#taker = taker
  }

  /** Called by ioredis when it sends the command. */
  override toWritable(socket: object): string | Buffer {
    if (!(socket instanceof ReplySocket) || this.#taker === undefined) throw new TypeError('a read goes out once, on a connection that knows how to answer it')
    const { keyPrefix = '' } = this.#client.options
    let text = `*${this.#keys.length + 1}\r\n$4\r\nMGET\r\n`
    let isAscii = true
    for (const key of this.#keys) {
      const name = keyPrefix + key
      const bytes = Buffer.byteLength(name)
      isAscii &&= bytes === name.length
      text += `$${bytes}\r\n${name}\r\n`
    }
    socket.expect(this.#client.commandQueue.length, this.#taker)
    this.#keys = []
    this.#taker = undefined
    // A socket takes longer for text, which it looks over first.
    return isAscii ? Buffer.from(text, 'latin1') : text
  }
}
