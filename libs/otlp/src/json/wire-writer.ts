/** Bytes of a length that is written before it is known. */
const WIDE_LENGTH = 5

/** Memory that is kept from request to request. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024

const NO_BYTES = Buffer.alloc(0)

/**
 * Writes protobuf. The length of a nested message is known only at its end: short messages leave one byte for it and are moved in
 * the rare case that they need more; wide ones leave five, which a varint may have although fewer would do.
 *
 * `reserve` comes before everything else; nothing but it looks for room.
 */
export class WireWriter {
  bytes: Buffer = NO_BYTES
  /** Where the next byte goes. */
  at = 0
  /** The same bytes. */
  view: DataView = new DataView(NO_BYTES.buffer)

  /** Begins an empty message, with room for `capacity` bytes. */
  begin(capacity: number): void {
    this.at = 0
    if (capacity > this.bytes.length) this.#allocate(capacity)
  }

  /** Gives back memory that only a large request needed. */
  end(): void {
    if (this.bytes.length > MAX_KEPT_BYTES) this.#use(NO_BYTES)
  }

  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#allocate(Math.max(this.at + count, this.bytes.length * 2))
  }

  byte(value: number): void {
    this.bytes[this.at++] = value
  }

  /** Begins a nested message, after its tag; gives what `close` needs. */
  open(wide: boolean): number {
    this.at += wide ? WIDE_LENGTH : 1
    return this.at
  }

  close(start: number, wide: boolean): void {
    const length = this.at - start
    if (wide) this.#wideLength(start - WIDE_LENGTH, length)
    else if (length < 0x80) this.bytes[start - 1] = length
    else this.#moveFor(start, length)
  }

  varint(low: number, high = 0): void {
    let rest = low
    let above = high
    while (above !== 0 || rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest = ((rest >>> 7) | (above << 25)) >>> 0
      above >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  fixed32(value: number): void {
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  fixed64(low: number, high: number): void {
    this.view.setUint32(this.at, low, true)
    this.view.setUint32(this.at + 4, high, true)
    this.at += 8
  }

  double(value: number): void {
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  #wideLength(at: number, length: number): void {
    const { bytes } = this
    bytes[at] = (length & 0x7f) | 0x80
    bytes[at + 1] = ((length >>> 7) & 0x7f) | 0x80
    bytes[at + 2] = ((length >>> 14) & 0x7f) | 0x80
    bytes[at + 3] = ((length >>> 21) & 0x7f) | 0x80
    bytes[at + 4] = length >>> 28
  }

  /** Makes room for a length of more than one byte. */
  #moveFor(start: number, length: number): void {
    let more = 0
    for (let rest = length; rest > 0x7f; rest >>>= 7) more++
    this.reserve(more)
    this.bytes.copyWithin(start + more, start, this.at)
    this.at = start - 1
    this.varint(length)
    this.at += length
  }

  #allocate(capacity: number): void {
    const bytes = Buffer.allocUnsafeSlow(capacity)
    this.bytes.copy(bytes, 0, 0, this.at)
    this.#use(bytes)
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}
