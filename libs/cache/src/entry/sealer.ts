import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { CacheError } from '../errors.ts'
import { refuseUnknown } from '../option-checks.ts'

/** Encryption of the values in Redis. */
export interface EncryptionOptions {
  /** The first key encrypts, all decrypt: put a new one first, and remove the old one once its entries have expired. */
  readonly keys: readonly {
    /** Stands in each entry in plain text: 1 to 32 letters, digits, `_`, `-` or `.`. */
    readonly id: string
    /** At least 32 bytes that nobody can guess, such as `openssl rand -base64 32` gives. Text counts in UTF-8. */
    readonly secret: string | Uint8Array
  }[]
}

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const SALT_BYTES = 16
const IV_BYTES = 12
const TAG_BYTES = 16
const MIN_SECRET_BYTES = 32
/** Entries encrypted under one salt; then a new one is drawn. */
const ENTRIES_PER_SALT = 2 ** 32
/** Keys kept of other processes. */
const MAX_DERIVED = 256
const INFO = '@ballast/cache aes-256-gcm'

/** A secret, and the keys that were derived from it by salt. */
interface Secret {
  readonly id: string
  readonly secret: Uint8Array
  readonly derived: Map<string, Buffer>
}

/**
 * Encrypts values and proves who wrote them (AES-256-GCM, NIST SP 800-38D). Sealed bytes: length of the key's id, id, salt, nonce, tag, encrypted value.
 * Each process derives a key of its own from the secret and a random salt (HKDF, RFC 5869), and counts its nonces: so none can occur twice, however many entries are written.
 */
export class Sealer {
  readonly #secrets = new Map<string, Secret>()
  readonly #current: Secret
  #salt = randomBytes(SALT_BYTES)
  #key: Buffer
  #entries = 0

  /** @throws {@link CacheError} `OPTION_INVALID`; its message holds no secret. */
  constructor(options: EncryptionOptions) {
    refuseUnknown(Object.keys(options), ['keys'], 'encrypted.')
    if (!Array.isArray(options.keys) || options.keys.length === 0) throw new CacheError('OPTION_INVALID', 'encrypted.keys is empty; give at least one { id, secret }')
    for (const { id, secret } of options.keys) {
      if (typeof id !== 'string' || !/^[\w.-]{1,32}$/.test(id)) throw new CacheError('OPTION_INVALID', 'the id of a key in encrypted.keys must be 1 to 32 letters, digits, _, - or .')
      if (this.#secrets.has(id)) throw new CacheError('OPTION_INVALID', `encrypted.keys has two keys ${id}`)
      const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret
      if (!(bytes instanceof Uint8Array) || bytes.length < MIN_SECRET_BYTES) throw new CacheError('OPTION_INVALID', `the secret of key ${id} in encrypted.keys is not at least ${MIN_SECRET_BYTES} bytes`)
      this.#secrets.set(id, { id, secret: Uint8Array.from(bytes), derived: new Map() })
    }
    this.#current = this.#secrets.get(options.keys[0]!.id)!
    this.#key = derive(this.#current.secret, this.#salt)
  }

  /** @param context - what the value belongs to: it can be opened with the same alone. */
  seal(plain: Buffer, context: Buffer): Buffer {
    if (this.#entries === ENTRIES_PER_SALT) {
      this.#salt = randomBytes(SALT_BYTES)
      this.#key = derive(this.#current.secret, this.#salt)
      this.#entries = 0
    }
    const { id } = this.#current
    const sealedAt = 1 + id.length + SALT_BYTES + IV_BYTES + TAG_BYTES
    const bytes = Buffer.alloc(sealedAt + plain.length)
    bytes[0] = id.length
    bytes.write(id, 1, 'latin1')
    bytes.set(this.#salt, 1 + id.length)
    bytes.writeUInt32BE(this.#entries++, sealedAt - TAG_BYTES - 4)
    const cipher = createCipheriv(CIPHER, this.#key, bytes.subarray(sealedAt - TAG_BYTES - IV_BYTES, sealedAt - TAG_BYTES)).setAAD(context)
    bytes.set(cipher.update(plain), sealedAt)
    cipher.final()
    bytes.set(cipher.getAuthTag(), sealedAt - TAG_BYTES)
    return bytes
  }

  /** The plain value; `undefined` when its key is not known, or when anything about it was changed. */
  open(bytes: Buffer, start: number, context: Buffer): Buffer | undefined {
    const saltAt = start + 1 + (bytes[start] ?? 0)
    const sealedAt = saltAt + SALT_BYTES + IV_BYTES + TAG_BYTES
    if (sealedAt > bytes.length) return undefined
    const secret = this.#secrets.get(bytes.toString('latin1', start + 1, saltAt))
    if (secret === undefined) return undefined
    const ivAt = saltAt + SALT_BYTES
    const decipher = createDecipheriv(CIPHER, derivedKey(secret, bytes.subarray(saltAt, ivAt)), bytes.subarray(ivAt, ivAt + IV_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(context).setAuthTag(bytes.subarray(ivAt + IV_BYTES, sealedAt))
    const plain = decipher.update(bytes.subarray(sealedAt))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return plain
  }
}

function derive(secret: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, INFO, KEY_BYTES))
}

function derivedKey({ secret, derived }: Secret, salt: Buffer): Buffer {
  const name = salt.toString('latin1')
  const known = derived.get(name)
  if (known !== undefined) return known
  const key = derive(secret, salt)
  if (derived.size === MAX_DERIVED) derived.delete(derived.keys().next().value!)
  derived.set(name, key)
  return key
}
