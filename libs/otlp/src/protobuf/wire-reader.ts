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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads one protobuf message field by field. Never reads outside its bytes; whatever is not a message throws.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  /** Field number and wire type of the current field, as on the wire: `field << 3 | type`. */
  tag = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Goes to the next field; `false` at the end of the message. */
  next(): boolean {
    if (this.#at === this.#bytes.length) return false
    const tag = this.#small()
    if (tag > 0xffffffff || tag >>> 3 === 0) throw broken(`a field number out of range at byte ${this.#at}`)
    this.tag = tag
    return true
  }

  varint(): bigint {
    let value = 0
    let scale = 1
    // Up to seven bytes fit a double exactly, which covers all but negative and huge numbers.
    for (let count = 0; count < 7; count++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return BigInt(value)
      scale *= 128
    }
    let big = BigInt(value)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      big |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, big)
    }
    throw broken(`a number longer than ten bytes at byte ${this.#at}`)
  }

  /** A varint as a signed 64-bit number. */
  int64(): bigint {
    return BigInt.asIntN(64, this.varint())
  }

  /** A varint as a signed 32-bit number: enums. */
  int32(): number {
    return Number(BigInt.asIntN(32, this.varint()))
  }

  fixed64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true)
  }

  fixed32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), true)
  }

  /** The bytes of a length-delimited field; a view, not a copy. */
  bytes(): Uint8Array {
    const length = this.#small()
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  string(): string {
    const bytes = this.bytes()
    try {
      return utf8.decode(bytes)
    } catch (error) {
      const message = `the protobuf body holds a text that is not UTF-8, before byte ${this.#at} of its message; send bytes as bytes_value.`
      throw new OtlpError('INVALID_UTF8', message, { cause: error })
    }
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
      case LEN:
        this.bytes()
        return
      case I32:
        this.#advance(4)
        return
      case START_GROUP:
        this.#skipGroup(this.tag >>> 3, depth + 1)
        return
      default:
        throw broken(`wire type ${this.tag & 7} at byte ${this.#at}`)
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

  /** A varint that is hardly ever longer than four bytes: a tag, a length. */
  #small(): number {
    const start = this.#at
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    this.#at = start
    return Number(this.varint())
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw broken('a message that ends in the middle of a field')
    this.#at++
    return byte
  }

  #advance(count: number): number {
    const start = this.#at
    if (count > this.#bytes.length - start) throw broken(`a field of ${count} bytes at byte ${start}, which is more than its message has left`)
    this.#at = start + count
    return start
  }
}

function broken(what: string): OtlpError {
  return new OtlpError('INVALID_PROTOBUF', `the body is not a protobuf message: it has ${what}; is it complete, and is its Content-Type right?`)
}
