import type { Written } from './resp-text.ts'

/** What one fill brings. */
export interface Fill {
  readonly token: string
  readonly bytes: Buffer
  readonly ttlMs: number
}

/** Bytes of the lengths of a token, a lifetime and a value. */
const LENGTHS_BYTES = 6

/**
 * One argument for several fills: for each the token, the lifetime and the bytes, with their lengths before them. One, because each costs client and server more than its bytes.
 * A token or lifetime that is the same as the one before has no length.
 */
export class PackedFills implements Written {
  readonly #fills: readonly Fill[]
  readonly bytes: number

  constructor(fills: readonly Fill[]) {
    this.#fills = fills
    let bytes = 0
    let last: Fill | undefined
    for (const fill of fills) {
      bytes += LENGTHS_BYTES + newToken(fill, last).length + newTtl(fill, last).length + fill.bytes.length
      last = fill
    }
    this.bytes = bytes
  }

  write(into: Buffer, start: number): void {
    let at = start
    let last: Fill | undefined
    for (const fill of this.#fills) {
      at = writeShort(newToken(fill, last), into, at)
      at = writeShort(newTtl(fill, last), into, at)
      at = into.writeUInt32BE(fill.bytes.length, at)
      into.set(fill.bytes, at)
      at += fill.bytes.length
      last = fill
    }
  }

  toBuffer(): Buffer {
    const whole = Buffer.allocUnsafe(this.bytes)
    this.write(whole, 0)
    return whole
  }
}

function newToken(fill: Fill, last: Fill | undefined): string {
  return fill.token === last?.token ? '' : fill.token
}

function newTtl(fill: Fill, last: Fill | undefined): string {
  return fill.ttlMs === last?.ttlMs ? '' : String(Math.ceil(fill.ttlMs))
}

function writeShort(text: string, into: Buffer, at: number): number {
  into[at] = text.length
  return text === '' ? at + 1 : at + 1 + into.write(text, at + 1, 'latin1')
}
