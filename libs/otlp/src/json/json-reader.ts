import { OtlpError } from '../errors.ts'
import type { Tally } from '../record/tally.ts'
import type { Json } from './parse-json.ts'

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }

const UINT64_MAX = 2n ** 64n - 1n
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/**
 * Reads OTLP's JSON mapping: keys in lowerCamelCase, `null` is unset, numbers may be texts, unknown keys are ignored.
 * Knows where it is, so that an error can say it.
 */
export class JsonReader {
  readonly tally: Tally
  readonly #path: string[] = []

  constructor(tally: Tally) {
    this.tally = tally
  }

  /** Reads one field with `read`; unset gives `fallback`. */
  field<T>(object: JsonObject, key: string, read: (value: Json) => T, fallback: T): T {
    const value = Object.hasOwn(object, key) ? object[key] : undefined
    if (value === undefined || value === null) return fallback
    this.#path.push(this.#path.length === 0 ? key : `.${key}`)
    const result = read(value)
    this.#path.pop()
    return result
  }

  list<T>(object: JsonObject, key: string, read: (item: JsonObject) => T): readonly T[] {
    return this.field(object, key, (value) => this.items(value, (item) => read(this.object(item))), [])
  }

  items<T>(value: Json, read: (item: Json) => T): readonly T[] {
    if (!Array.isArray(value)) throw this.wrong('an array', value)
    return (value as readonly Json[]).map((item, index) => {
      this.#path.push(`[${index}]`)
      const result = read(item)
      this.#path.pop()
      return result
    })
  }

  object(value: Json): JsonObject {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw this.wrong('an object', value)
    return value as JsonObject
  }

  string(object: JsonObject, key: string): string {
    return this.field(object, key, (value) => this.text(value), '')
  }

  text(value: Json): string {
    if (typeof value !== 'string') throw this.wrong('a string', value)
    return value
  }

  uint64(object: JsonObject, key: string): bigint {
    return this.field(object, key, (value) => this.integer(value, 0n, UINT64_MAX), 0n)
  }

  int64(value: Json): bigint {
    return this.integer(value, INT64_MIN, INT64_MAX)
  }

  uint32(object: JsonObject, key: string): number {
    return this.field(object, key, (value) => Number(this.integer(value, 0n, 0xffffffffn)), 0)
  }

  integer(value: Json, min: bigint, max: bigint): bigint {
    const exact =
      typeof value === 'bigint' ? value
      : typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value)
      : typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value)
      : undefined
    if (exact === undefined || exact < min || exact > max) throw this.wrong(`an integer from ${min} to ${max}, as a number or a string of digits`, value)
    return exact
  }

  double(value: Json): number {
    if (typeof value === 'number') return value
    if (typeof value === 'bigint') return Number(value)
    if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
    if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(value)) return Number(value)
    throw this.wrong('a number, "NaN", "Infinity" or "-Infinity"', value)
  }

  boolean(value: Json): boolean {
    if (typeof value !== 'boolean') throw this.wrong('true or false', value)
    return value
  }

  /** An enum: a number; its names are taken too, and counted. `names` are the protobuf names in order of number. */
  enumeration(object: JsonObject, key: string, names: readonly string[]): number {
    return this.field(
      object,
      key,
      (value) => {
        const named = typeof value === 'string' ? names.indexOf(value) : -1
        if (named === -1) return Number(this.integer(value, -(2n ** 31n), 2n ** 31n - 1n))
        this.tally.warn('enum_name')
        return named
      },
      0,
    )
  }

  /** An id: hex in any case; base64 of the right length, which some exporters send, is repaired and counted. */
  id(object: JsonObject, key: string, bytes: 16 | 8): string {
    const id = this.string(object, key)
    if (id.length === Math.ceil(bytes / 3) * 4 && /^[A-Za-z0-9+/]+={1,2}$/.test(id)) {
      const decoded = Buffer.from(id, 'base64')
      if (decoded.length === bytes) {
        this.tally.warn('id_was_base64')
        return decoded.toString('hex')
      }
    }
    return id.toLowerCase()
  }

  wrong(expected: string, found: Json): OtlpError {
    const path = this.#path.join('')
    const what = found === null ? 'null' : Array.isArray(found) ? 'an array' : typeof found === 'object' ? 'an object' : `${typeof found} ${shown(found)}`
    const hint = what === 'an object' && path.endsWith('ttributes') ? ' Attributes are an array of {"key": …, "value": {"stringValue": …}}.' : ''
    return new OtlpError('WRONG_SHAPE', `${path === '' ? 'the body' : path} must be ${expected}, but is ${what}.${hint}`, { path })
  }

  tooDeep(levels: number): OtlpError {
    const path = this.#path.join('')
    return new OtlpError('NESTED_TOO_DEEP', `${path.slice(0, 200)} nests deeper than ${levels} levels; flatten it.`, { path })
  }
}

function shown(value: boolean | number | bigint | string): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
}
