import { Socket } from 'node:net'
import { ReplySplitter } from './reply-splitter.ts'

/** Memory that all bytes of a connection go through. */
const MEMORY_BYTES = 65_536

/** A connection to Redis whose replies are split: some are read here, and ioredis gets the others. */
export class ReplySocket extends Socket {
  readonly replies: ReplySplitter

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(MEMORY_BYTES)
    super({
      onread: {
        buffer,
        callback: (length) => {
          this.replies.read(buffer, length)
          return true
        },
      },
    })
    this.replies = new ReplySplitter((bytes) => this.emit('data', bytes))
  }
}
