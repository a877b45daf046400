import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { endianness } from 'node:os'
import { Dictionary, type StringColumn } from '@ballast/clickhouse'

/** Hex digits of a pseudonym: half of SHA-256, so that two values do not meet. */
const DIGITS = 32

/** Values remembered for each tenant. */
const MAX_REMEMBERED = 8192

/** Words are copied in the order in which they lie in memory. */
const LITTLE_ENDIAN = endianness() === 'LE'

/** Tenants whose values are remembered. */
const MAX_TENANTS = 64

/** The pseudonyms of one tenant: HMAC-SHA-256 under the tenant's own key, the first half in hex. Remembers those it gave lately. */
export class Pseudonyms {
  /** Made once: to make one of bytes takes longer than the hash does. */
  readonly #key: KeyObject
  readonly #known = new Dictionary()
  readonly #digits = Buffer.allocUnsafeSlow(MAX_REMEMBERED * DIGITS)
  readonly #words = new Int32Array(this.#digits.buffer)

  constructor(key: Buffer) {
    this.#key = createSecretKey(key)
  }

  /** The pseudonym of a text. */
  of(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex').slice(0, DIGITS)
  }

  /** Adds the pseudonym of `source[start, stop)` to a column. */
  append(column: StringColumn, source: Buffer, start: number, stop: number): void {
    if (this.#known.size === MAX_REMEMBERED) this.#known.clear()
    const fresh = this.#known.size
    const id = this.#known.idOf(source, start, stop)
    const from = id * DIGITS
    if (id === fresh) {
      const hash = createHmac('sha256', this.#key).update(source.subarray(start, stop)).digest('hex')
      this.#digits.write(hash.slice(0, DIGITS), from, 'latin1')
    }
    const at = column.appendBlank(DIGITS)
    for (let word = 0; word < DIGITS / 4; word++) column.data.view.setInt32(at + word * 4, this.#words[from / 4 + word]!, LITTLE_ENDIAN)
  }
}

/** Makes each tenant's pseudonyms from one secret. */
export class TenantPseudonyms {
  readonly #secret: string
  readonly #tenants = new Map<string, Pseudonyms>()

  constructor(secret: string) {
    this.#secret = secret
  }

  of(tenantId: string): Pseudonyms {
    let pseudonyms = this.#tenants.get(tenantId)
    if (pseudonyms === undefined) {
      // The key of one tenant says nothing about that of another.
      pseudonyms = new Pseudonyms(createHmac('sha256', this.#secret).update(`pseudonyms of ${tenantId}`).digest())
      if (this.#tenants.size === MAX_TENANTS) this.#tenants.clear()
      this.#tenants.set(tenantId, pseudonyms)
    }
    return pseudonyms
  }
}
