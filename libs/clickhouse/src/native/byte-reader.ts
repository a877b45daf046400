import { ClickHouseError } from '../errors.ts'

/** Walks over bytes and never past their end. */
export class ByteReader {
  readonly view: DataView
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Goes `count` bytes on; returns where they begin. */
  advance(count: number): number {
    const start = this.#at
    if (count > this.#bytes.length - start) throw new ClickHouseError('BAD_DATA', `a Native block ends ${count - this.#bytes.length + start} bytes early, at byte ${start}.`)
    this.#at += count
    return start
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.view.getUint8(this.advance(1))
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  uint64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true))
  }

  string(): string {
    const length = this.varint()
    const start = this.advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }
}
