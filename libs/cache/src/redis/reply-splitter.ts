/** Takes the values of a reply, one after another. */
export interface ValueTaker {
  /** The next one; `null` where there is none. The bytes are valid during the call only. Must not throw. */
  take(bytes: Buffer | null): void
}

/** A reply that is read here, and not by ioredis. */
interface Expected {
  /** How many replies on this connection come before it. */
  readonly place: number
  readonly taker: ValueTaker
}

// First bytes of RESP3, https://redis.io/docs/latest/develop/reference/protocol-spec/
const LINE_FEED = 10
const BLOB_ERROR = 33
const BLOB = 36
const MAP = 37
const ARRAY = 42
const MINUS = 45
const ZERO = 48
const VERBATIM = 61
const PUSH = 62
const ATTRIBUTES = 124
const SET = 126
/** Bytes after a value. */
const END_BYTES = 2

/** What ioredis gets in place of a reply that was read here. */
const EMPTY_LIST = Buffer.from('*0\r\n')

/**
 * Splits the replies on a connection: the values of some are handed over where they lie in memory, all other replies go to the client as they are.
 * In place of those that were read here the client gets an empty list, so that it counts what it asked for.
 *
 * A client that makes an array of buffers of each reply takes longer for it than Redis and the network together.
 */
export class ReplySplitter {
  readonly #toClient: (bytes: Buffer) => void
  readonly #expected: Expected[] = []
  /** Replies that have come in full. */
  #replies = 0
  /** Parts of the reply that have not come yet: itself, and the items of its lists. 0 between two replies. */
  #parts = 0
  /** Whether it is no reply, but a message that nobody asked for. */
  #isPush = false
  /** Takes the values of the reply that is coming, if it is read here. */
  #taker: ValueTaker | undefined
  /** First byte of the line that is coming; 0 before it. */
  #type = 0
  /** Number in that line, so far. */
  #number = 0
  #negative = false
  /** Bytes to pass over: of a value that is not read here, or the end of one. */
  #skip = 0
  /** A value that comes in several pieces, and how much of it has come. */
  #value: Buffer | undefined
  #filled = 0

  constructor(toClient: (bytes: Buffer) => void) {
    this.#toClient = toClient
  }

  /**
   * Has the values of a reply handed to `taker`. If the reply is no list, but an error, ioredis gets it.
   *
   * @param before - replies that are still to come before it.
   */
  expect(before: number, taker: ValueTaker): void {
    this.#expected.push({ place: this.#replies + before, taker })
  }

  /** What has come: the first bytes of some memory, which is used again for what comes next. */
  read(memory: Buffer, length: number): void {
    let at = 0
    // Up to here the bytes were handed over, to us or to ioredis.
    let from = 0
    while (at < length) {
      if (this.#parts === 0) {
        this.#begin(memory[at]!)
        if (this.#taker !== undefined) this.#pass(memory, from, at)
      }
      at = this.#readPart(memory, at, length)
      if (this.#taker !== undefined) from = at
      if (this.#parts === 0) this.#end()
    }
    this.#pass(memory, from, length)
  }

  #begin(type: number): void {
    this.#parts = 1
    this.#isPush = type === PUSH
    if (this.#isPush || this.#expected[0]?.place !== this.#replies) return
    const { taker } = this.#expected.shift()!
    if (type === ARRAY) this.#taker = taker
  }

  #end(): void {
    if (!this.#isPush) this.#replies++
    if (this.#taker === undefined) return
    this.#taker = undefined
    this.#toClient(EMPTY_LIST)
  }

  /** ioredis keeps parts of what it gets. */
  #pass(memory: Buffer, from: number, to: number): void {
    if (to > from) this.#toClient(Buffer.from(memory.subarray(from, to)))
  }

  /** Reads on until a part of the reply is complete, or the memory ends. */
  #readPart(memory: Buffer, start: number, length: number): number {
    if (this.#value !== undefined) return this.#readValue(this.#value, memory, start, length)
    if (this.#skip > 0) return this.#passOver(start, length)
    let at = start
    if (this.#type === 0) {
      this.#type = memory[at++]!
      this.#number = 0
      this.#negative = false
    }
    let number = this.#number
    while (at < length) {
      const byte = memory[at++]!
      if (byte === LINE_FEED) return this.#endLine(number, memory, at, length)
      if (byte >= ZERO) number = number * 10 + byte - ZERO
      else if (byte === MINUS) this.#negative = true
    }
    this.#number = number
    return at
  }

  #endLine(number: number, memory: Buffer, at: number, length: number): number {
    const type = this.#type
    this.#type = 0
    const isBlob = type === BLOB || type === VERBATIM || type === BLOB_ERROR
    if (isBlob && !this.#negative) return this.#startValue(number, memory, at, length)
    this.#parts--
    if ((type === ARRAY && !this.#negative) || type === SET || type === PUSH) this.#parts += number
    else if (type === MAP) this.#parts += 2 * number
    // What they describe comes after them.
    else if (type === ATTRIBUTES) this.#parts += 2 * number + 1
    else this.#taker?.take(null)
    return at
  }

  #startValue(bytes: number, memory: Buffer, at: number, length: number): number {
    if (this.#taker === undefined) {
      this.#skip = bytes + END_BYTES
      return at
    }
    const end = at + bytes
    if (end <= length) {
      this.#taker.take(memory.subarray(at, end))
      this.#skip = END_BYTES
      return end
    }
    this.#value = Buffer.allocUnsafeSlow(bytes)
    this.#filled = 0
    return at
  }

  #readValue(value: Buffer, memory: Buffer, start: number, length: number): number {
    const end = Math.min(length, start + value.length - this.#filled)
    this.#filled += memory.copy(value, this.#filled, start, end)
    if (this.#filled === value.length) {
      this.#value = undefined
      this.#skip = END_BYTES
      this.#taker?.take(value)
    }
    return end
  }

  #passOver(start: number, length: number): number {
    const end = Math.min(length, start + this.#skip)
    this.#skip -= end - start
    if (this.#skip === 0) this.#parts--
    return end
  }
}
