import type { Written } from './resp-text.ts'

/** What one fill brings. */
export interface Fill {
  readonly token: string
  readonly bytes: Buffer
  readonly ttlMs: number
}

/** Bytes of the lengths of a token, a lifetime and a value. */
const LENGTHS_BYTES = 6

/** One argument for several fills: for each the token, the lifetime and the bytes, with their lengths before them. One, because each costs client and server more than its bytes. */
export class PackedFills implements Written {
  readonly #fills: readonly Fill[]
  readonly #ttls: readonly string[]
  readonly bytes: number

  constructor(fills: readonly Fill[]) {
    this.#fills = fills
    this.#ttls = fills.map(({ ttlMs }) => String(Math.ceil(ttlMs)))
    let bytes = 0
    for (let i = 0; i < fills.length; i++) bytes += LENGTHS_BYTES + fills[i]!.token.length + this.#ttls[i]!.length + fills[i]!.bytes.length
    this.bytes = bytes
  }

  write(into: Buffer, start: number): void {
    let at = start
    for (let i = 0; i < this.#fills.length; i++) {
      const { token, bytes } = this.#fills[i]!
      const ttl = this.#ttls[i]!
      into[at] = token.length
      at += 1 + into.write(token, at + 1, 'latin1')
      into[at] = ttl.length
      at += 1 + into.write(ttl, at + 1, 'latin1')
      at = into.writeUInt32BE(bytes.length, at)
      into.set(bytes, at)
      at += bytes.length
    }
  }

  toBuffer(): Buffer {
    const whole = Buffer.allocUnsafe(this.bytes)
    this.write(whole, 0)
    return whole
  }
}
