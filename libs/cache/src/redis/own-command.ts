import { Command, type Redis } from 'ioredis'
import { ReplySocket } from './reply-socket.ts'
import type { ValueTaker } from './reply-splitter.ts'

/** What an {@link OwnCommand} sends. */
export interface Sent {
  readonly bytes: Buffer
  /** Who takes the values of the reply; without it ioredis gets them. */
  readonly taker?: ValueTaker
}

/**
 * Commands of ours, on a connection of ours, in bytes of our making. ioredis sends them in their turn, and fails them with their connection.
 *
 * They hold nothing once they are sent. V8 takes a function that is written into a property where it is made for a method, and makes it among what is old; ioredis has one
 * in each command. So whatever a command refers to stays until the next full collection, with all that it refers to: with arguments and answers that is most of what this process allocates.
 */
export class OwnCommand extends Command {
  readonly #client: Redis
  #send: ((keyPrefix: string) => Sent) | undefined

  /**
   * @param name - of the command, for ioredis.
   * @param send - makes the bytes, when they are sent.
   */
  constructor(client: Redis, name: string, send: (keyPrefix: string) => Sent) {
    super(name, [], { replyEncoding: null })
    this.#client = client
    this.#send = send
  }

  /** Called by ioredis when it sends the command. */
  override toWritable(socket: object): Buffer {
    if (this.#send === undefined || !(socket instanceof ReplySocket)) throw new TypeError('sent twice, or on a connection that is not ours')
    const { bytes, taker } = this.#send(this.#client.options.keyPrefix ?? '')
    this.#send = undefined
    if (taker !== undefined) socket.replies.expect(this.#client.commandQueue.length, taker)
    return bytes
  }
}
