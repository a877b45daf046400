import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { StringColumn } from '@ballast/clickhouse'
import { DigestMemory, DIGITS, UNKNOWN } from './digest-memory.ts'

const WORD_BYTES = 4

/** Tenants whose values are remembered. */
const MAX_TENANTS = 64

let last = 0

/** The pseudonyms of one tenant: HMAC-SHA-256 under the tenant's own key, the first half in hex, so that two values do not meet. Remembers those it gave lately. */
export class Pseudonyms {
  /** No others have it in this process. */
  readonly number = ++last
  /** Made once: to make one of bytes takes longer than the hash does. */
  readonly #key: KeyObject
  readonly #memory = new DigestMemory()

  constructor(key: Buffer) {
    this.#key = createSecretKey(key)
  }

  /** The pseudonym of a text, or of UTF-8 bytes. */
  of(value: string | Buffer): string {
    return createHmac('sha256', this.#key).update(value).digest('hex').slice(0, DIGITS)
  }

  /** Adds the pseudonym of `source[start, stop)` to a column. */
  append(column: StringColumn, source: Buffer, start: number, stop: number): void {
    const memory = this.#memory
    let digits = memory.find(source, start, stop)
    if (digits === UNKNOWN) digits = memory.add(source, start, stop, this.of(source.subarray(start, stop)))
    const at = column.appendBlank(DIGITS)
    for (let word = 0; word < DIGITS; word += WORD_BYTES) column.data.view.setInt32(at + word, memory.view.getInt32(digits + word, true), true)
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
