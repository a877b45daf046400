const INITIAL_BYTES = 1024

/** A buffer that grew beyond this for one large block is given back afterwards. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024

/** Bytes that grow by doubling and are reused from block to block. */
export class GrowableBytes {
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  view: DataView = viewOf(this.bytes)
  length = 0

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count)
  }

  clear(): void {
    this.length = 0
    if (this.bytes.length > MAX_KEPT_BYTES) this.#replace(Buffer.allocUnsafeSlow(INITIAL_BYTES))
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count))
    this.bytes.copy(larger, 0, 0, this.length)
    this.#replace(larger)
  }

  #replace(bytes: Buffer): void {
    this.bytes = bytes
    this.view = viewOf(bytes)
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
