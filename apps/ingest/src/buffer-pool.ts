export interface BufferPoolOptions {
  /** Sizes are rounded up to it, so that what was used once fits the next. */
  readonly stepBytes: number
  /** Bytes that are kept at most while nobody uses them. */
  readonly maxKeptBytes: number
}

/**
 * Memory that is used again. What lies outside of the heap is freed only by a collection of the whole heap, and so much of it in
 * a second is what makes the collector run: a buffer that comes back here costs nothing more.
 */
export class BufferPool {
  readonly #options: BufferPoolOptions
  readonly #kept: ArrayBufferLike[] = []
  readonly #lent = new WeakSet<ArrayBufferLike>()
  #keptBytes = 0

  constructor(options: BufferPoolOptions) {
    this.#options = options
  }

  /** Memory for so many bytes, with anything in it. What is not given back is left to the collector. */
  take(bytes: number): Buffer {
    const memory = this.#fitting(bytes) ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / this.#options.stepBytes) * this.#options.stepBytes).buffer
    this.#lent.add(memory)
    return Buffer.from(memory, 0, bytes)
  }

  /** Nobody looks at it any more, nor at a view of it. What did not come from here is left alone. */
  give({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer) || this.#keptBytes + buffer.byteLength > this.#options.maxKeptBytes) return
    this.#kept.push(buffer)
    this.#keptBytes += buffer.byteLength
  }

  /** The smallest that is large enough. */
  #fitting(bytes: number): ArrayBufferLike | undefined {
    let best = -1
    for (const [index, { byteLength }] of this.#kept.entries()) {
      if (byteLength >= bytes && (best === -1 || byteLength < this.#kept[best]!.byteLength)) best = index
    }
    if (best === -1) return undefined
    const [found] = this.#kept.splice(best, 1)
    this.#keptBytes -= found!.byteLength
    return found
  }
}
