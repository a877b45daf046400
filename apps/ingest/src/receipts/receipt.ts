import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { JournalFiles } from '../journal/journal-files.ts'

const KEY_FILE = 'receipts.key'
const KEY_BYTES = 32
const MAC_BYTES = 12

/** Header, or gRPC metadata, of an answer: names the request for `GET /v1/receipts/:id`. */
export const RECEIPT_HEADER = 'x-ballast-receipt'

/** Makes receipts, and knows its own again: a receipt is the request's place in this journal, signed for its tenant. */
export class Receipts {
  readonly #key: Buffer

  /** With the key of the journal; makes one when it has none. */
  static async open(files: Pick<JournalFiles, 'read' | 'replace'>): Promise<Receipts> {
    const known = await files.read(KEY_FILE).catch(() => undefined)
    const key = known === undefined ? undefined : Buffer.from(known.toString(), 'hex')
    if (key?.length === KEY_BYTES) return new Receipts(key)
    const made = randomBytes(KEY_BYTES)
    await files.replace(KEY_FILE, made.toString('hex'))
    return new Receipts(made)
  }

  private constructor(key: Buffer) {
    this.#key = key
  }

  make(tenantId: string, sequence: number): string {
    return `${sequence.toString(36)}-${this.#sign(tenantId, sequence).toString('base64url')}`
  }

  /** The sequence of a receipt that this journal gave this tenant; `undefined` for any other text. */
  sequenceOf(tenantId: string, receipt: string): number | undefined {
    const [, digits = '', mac = ''] = /^([0-9a-z]{1,11})-([\w-]{16})$/.exec(receipt) ?? []
    const sequence = Number.parseInt(digits, 36)
    if (!Number.isSafeInteger(sequence)) return undefined
    const shown = Buffer.from(mac, 'base64url')
    return shown.length === MAC_BYTES && timingSafeEqual(shown, this.#sign(tenantId, sequence)) ? sequence : undefined
  }

  #sign(tenantId: string, sequence: number): Buffer {
    return createHmac('sha256', this.#key).update(`${sequence}\n${tenantId}`).digest().subarray(0, MAC_BYTES)
  }
}
