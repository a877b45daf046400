import protobuf from 'protobufjs'
import { messageType, type RequestName } from '../otlp-messages.ts'
import type { Random } from '../oracle/random.ts'

/** Values under keys that nobody knows. */
const UNKNOWN = ['1', '-0.5e-7', 'true', 'null', '""', '"\\u00e4\\""', '[]', '{}', '[1,[2,{"a":[]}]]', '{"traceId":"zz","a":{"b":[null]}}']
const SPACES = ['', '', '', ' ', '\n', '\t \r\n']
const ID_FIELDS = new Set(['traceId', 'spanId', 'parentSpanId'])

type Message = Readonly<Record<string, unknown>>
interface Halves { readonly low: number; readonly high: number }

/**
 * A message, given as the object that protobufjs encodes, as OTLP/JSON: written in one of the many ways in which that may be done.
 * Keys in any order, unknown ones among them, lists in two parts, white space, escapes, numbers as texts.
 */
export class RandomJson {
  readonly #random: Random
  /** White space between tokens is rare in what is sent. */
  readonly #loose: boolean

  constructor(random: Random) {
    this.#random = random
    this.#loose = random.oneIn(3)
  }

  request(name: RequestName, message: object): Buffer {
    return Buffer.from(`${this.#space()}${this.#message(messageType(name), message as Message)}${this.#space()}`)
  }

  #message(type: protobuf.Type, message: Message): string {
    const random = this.#random
    const fields = type.fieldsArray.map((field) => this.#members(field.resolve(), message[field.name])).filter((members) => members.length > 0)
    if (random.oneIn(20)) fields.push([`${this.#text(random.pick(['unknown', 'trace_id', 'string_value', 'é', '']))}:${random.pick(UNKNOWN)}`])
    const inOrder = !random.oneIn(3)
    const members: string[] = []
    // The two parts of a list must stay in order.
    while (fields.length > 0) {
      const at = inOrder ? 0 : random.below(fields.length)
      members.push(fields[at]!.shift()!)
      if (fields[at]!.length === 0) fields.splice(at, 1)
    }
    return `{${this.#joined(members)}}`
  }

  #members(field: protobuf.Field, value: unknown): string[] {
    const random = this.#random
    const member = (text: string): string => `${this.#text(field.name, 40)}${this.#space()}:${this.#space()}${text}`
    if (value === undefined) return random.oneIn(10) ? [member('null')] : []
    if (!field.repeated) return [member(this.#value(field, value))]
    const items = value as readonly unknown[]
    const cut = items.length > 1 && random.oneIn(8) ? 1 + random.below(items.length - 1) : items.length
    return [items.slice(0, cut), items.slice(cut)]
      .filter((part, index) => index === 0 || part.length > 0)
      .map((part) => member(`[${this.#joined(part.map((item) => this.#value(field, item)))}]`))
  }

  #value(field: protobuf.Field, value: unknown): string {
    if (field.resolvedType instanceof protobuf.Type) return this.#message(field.resolvedType, value as Message)
    switch (field.type) {
      case 'string':
        return this.#text(value as string)
      case 'bytes':
        return ID_FIELDS.has(field.name) ? this.#hex(value as Buffer) : this.#base64(value as Buffer)
      case 'bool':
        return String(value)
      case 'double':
        return this.#double(value as number)
      default:
        return this.#integer(field.type, value as number | Halves)
    }
  }

  #integer(type: string, value: number | Halves): string {
    const whole = typeof value === 'number' ? BigInt(value) : (BigInt(value.high) << 32n) | BigInt(value.low)
    const digits = String(type === 'int64' || type === 'sfixed64' ? BigInt.asIntN(64, whole) : whole)
    const form = this.#random.below(12)
    if (form === 0) return `${digits}.0`
    if (form === 1) return `${digits}e0`
    if (form === 2) return `"${digits.replace(/^(-?)(\d)(?=\d)/, '$1$2.')}e${digits.replace('-', '').length - 1}"`
    return form < 7 ? `"${digits}"` : digits
  }

  #double(value: number): string {
    if (!Number.isFinite(value)) return `"${value}"`
    const text = Object.is(value, -0) ? '-0' : String(value)
    return this.#random.oneIn(4) ? `"${text}"` : text
  }

  #hex(id: Buffer): string {
    const hex = id.toString('hex')
    return `"${this.#random.oneIn(3) ? hex.toUpperCase() : hex}"`
  }

  #base64(bytes: Buffer): string {
    const text = bytes.toString(this.#random.oneIn(3) ? 'base64url' : 'base64')
    return this.#random.oneIn(3) ? `"${text.replaceAll('/', '\\/')}"` : `"${text}"`
  }

  /** Once in `times` with escapes that are not needed. */
  #text(text: string, times = 5): string {
    if (!this.#random.oneIn(times)) return JSON.stringify(text)
    const units = text.split('').map((unit) => (this.#random.oneIn(3) ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : undefined))
    // A pair of surrogates is escaped as a whole, or not at all: half of it is no UTF-8.
    return `"${units.map((escaped, at) => (isHalf(text, at) ? `\\u${text.charCodeAt(at).toString(16)}` : (escaped ?? JSON.stringify(text[at]).slice(1, -1)))).join('')}"`
  }

  #joined(parts: readonly string[]): string {
    return parts.map((part) => `${this.#space()}${part}${this.#space()}`).join(',')
  }

  #space(): string {
    return this.#loose ? this.#random.pick(SPACES) : ''
  }
}

function isHalf(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xd800 && unit <= 0xdfff
}
