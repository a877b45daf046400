import { OtlpError } from '../errors.ts'

/** Wire types of the protobuf encoding. */
export const VARINT = 0
/** Eight bytes. */
export const I64 = 1
/** A length, then that many bytes. */
export const LEN = 2
/** Start of a group: no longer used, skipped whole. */
const START_GROUP = 3
const END_GROUP = 4
/** Four bytes. */
export const I32 = 5

/** Groups may nest this deep before a message counts as broken. */
const MAX_GROUP_DEPTH = 64

const MAX_VARINT_BYTES = 10

const NO_BYTES = Buffer.alloc(0)

/**
 * Walks over one protobuf message field by field, making no object: what a field holds is left in `start`, `stop`, `low` and
 * `high`. Never reads outside its message; whatever is not a message throws. https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  source: Buffer = NO_BYTES
  /** Field number and wire type of the current field, as on the wire: `field << 3 | type`. */
  tag = 0
  /** Where the bytes of the last length-delimited field begin and end in `source`. */
  start = 0
  stop = 0
  /** Halves of the last number, unsigned. */
  low = 0
  high = 0
  /** The next byte. */
  at = 0
  #end = 0

  /** Begins the message that is `source[start, stop)`. */
  open(source: Buffer, start: number, stop: number): this {
    this.source = source
    this.at = start
    this.#end = stop
    return this
  }

  /** Goes to the next field; `false` at the end of the message. */
  next(): boolean {
    const { at } = this
    if (at === this.#end) return false
    const byte = this.source[at]!
    // Fields 1 to 15, which are nearly all there are, have one byte.
    if (byte < 0x80 && byte > 7) {
      this.at = at + 1
      this.tag = byte
      return true
    }
    this.varint()
    if (this.high !== 0 || this.low >>> 3 === 0) throw broken(`a field number out of range at byte ${at}`)
    this.tag = this.low
    return true
  }

  /** Reads the bounds of a length-delimited field into `start` and `stop`, and passes over it. */
  range(): void {
    let length = this.at < this.#end ? this.source[this.at]! : 0x80
    if (length < 0x80) this.at++
    else {
      this.varint()
      length = this.high * 2 ** 32 + this.low
    }
    this.start = this.#advance(length)
    this.stop = this.at
  }

  /** Reads a varint into `low` and `high`. */
  varint(): void {
    let low = 0
    let high = 0
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      if (this.at === this.#end) throw broken('a message that ends in the middle of a field')
      const byte = this.source[this.at++]!
      const bits = byte & 0x7f
      const shift = count * 7
      if (shift < 32) low |= bits << shift
      if (shift === 28) high = bits >>> 4
      else if (shift > 28) high |= bits << (shift - 32)
      if (byte < 0x80) {
        this.low = low >>> 0
        this.high = high >>> 0
        return
      }
    }
    throw broken(`a number longer than ten bytes at byte ${this.at}`)
  }

  /** Reads a varint that is a signed 32-bit number: enums. */
  int32(): number {
    this.varint()
    return this.low | 0
  }

  /** Reads a varint that is a signed 32-bit number in ZigZag encoding. */
  sint32(): number {
    this.varint()
    return (this.low >>> 1) ^ -(this.low & 1)
  }

  /** Reads eight bytes into `low` and `high`. */
  fixed64(): void {
    const at = this.#advance(8)
    this.low = uint32At(this.source, at)
    this.high = uint32At(this.source, at + 4)
  }

  fixed32(): number {
    return uint32At(this.source, this.#advance(4))
  }

  /** Passes over the current field: an unknown one, or a known number with another type. */
  skip(depth = 0): void {
    switch (this.tag & 7) {
      case VARINT:
        this.varint()
        return
      case I64:
        this.#advance(8)
        return
      case LEN: {
        const { start, stop } = this
        this.range()
        this.start = start
        this.stop = stop
        return
      }
      case I32:
        this.#advance(4)
        return
      case START_GROUP:
        this.#skipGroup(this.tag >>> 3, depth + 1)
        return
      default:
        throw broken(`wire type ${this.tag & 7} at byte ${this.at}`)
    }
  }

  #skipGroup(field: number, depth: number): void {
    if (depth > MAX_GROUP_DEPTH) throw broken('groups that nest too deep')
    while (this.next()) {
      if ((this.tag & 7) === END_GROUP) {
        if (this.tag >>> 3 !== field) break
        return
      }
      this.skip(depth)
    }
    throw broken('a group without its end')
  }

  #advance(count: number): number {
    const start = this.at
    if (count > this.#end - start) throw broken(`a field of ${count} bytes at byte ${start}, which is more than its message has left`)
    this.at = start + count
    return start
  }
}

function uint32At(source: Buffer, at: number): number {
  return (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)) >>> 0
}

function broken(what: string): OtlpError {
  return new OtlpError('INVALID_PROTOBUF', `the body is not a protobuf message: it has ${what}; is it complete, and is its Content-Type right?`)
}
