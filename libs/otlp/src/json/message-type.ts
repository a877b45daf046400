import type { RejectReason } from '../transcoded-block.ts'
import { BytePattern } from './byte-pattern.ts'

/** How a field is written: in JSON, and on the wire. */
export const MESSAGE = 0
export const STRING = 1
/** Base64 in JSON. */
export const BYTES = 2
/** Hex in JSON. */
export const ID = 3
export const BOOL = 4
/** Its number, or its name. */
export const ENUM = 5
export const DOUBLE = 6
export const FIXED64 = 7
export const SFIXED64 = 8
export const FIXED32 = 9
export const INT64 = 10
export const UINT64 = 11
export const UINT32 = 12
/** Zigzag on the wire. */
export const SINT32 = 13
/** A key of another signal's request: it is not read, but says where the request belongs. */
export const ELSEWHERE = 14

const VARINT = 0
const I64 = 1
const LEN = 2
const I32 = 5

/** Wire type of each kind, in the order of their numbers. */
const WIRE_TYPES = [LEN, LEN, LEN, LEN, VARINT, VARINT, I64, I64, I64, I32, VARINT, VARINT, VARINT, VARINT, LEN]

/** What only some kinds of fields have. */
export interface FieldDetails {
  /** Of a message. */
  readonly type?: MessageType
  /** A JSON array of them. Numbers are packed. */
  readonly repeated?: boolean
  /** Of an enum: the names, by number. */
  readonly names?: readonly string[]
  /** Of an id: how many bytes it must have. */
  readonly idBytes?: 16 | 8
  /** Of an id without which a record is not stored: what to reject the record with, and what to call the id. */
  readonly reason?: RejectReason
  readonly title?: string
  /** Of a key of another signal: where that signal goes. */
  readonly endpoint?: string
}

/** One field of a message. */
export class Field {
  readonly name: string
  /** The key as it is in JSON, with its quotes. */
  readonly key: BytePattern
  readonly kind: number
  /** Field number and wire type. One byte: no field that is stored has a number above 15. */
  readonly tag: number
  readonly repeated: boolean
  readonly type: MessageType | undefined
  readonly details: FieldDetails
  /** The field that came after this one the last time. Exporters write their keys in one order, so it is the first to compare with. */
  next: Field | undefined

  constructor(name: string, number: number, kind: number, details: FieldDetails = {}) {
    if (number > 15) throw new RangeError(`${name} has number ${number}; its tag would need two bytes`)
    this.name = name
    this.key = new BytePattern(`"${name}"`)
    this.kind = kind
    this.repeated = details.repeated ?? false
    this.tag = (number << 3) | (this.repeated ? LEN : WIRE_TYPES[kind]!)
    this.type = details.type
    this.details = details
  }
}

/** What a message is, beside its fields. */
export interface MessageTraits {
  /** It is often longer than 127 bytes, so that its length is best given five bytes at once. */
  readonly wide?: boolean
  /** It is counted, and rejected alone. */
  readonly record?: boolean
  /** Each of them within another one is one level of a value. */
  readonly deepens?: boolean
}

/** One message of OTLP: its fields by their JSON key. */
export class MessageType {
  readonly wide: boolean
  readonly record: boolean
  readonly deepens: boolean
  /** Stands before the first field, to remember which that is. */
  readonly start = new Field('start', 0, MESSAGE)
  readonly fields: Field[] = []

  constructor(traits: MessageTraits = {}) {
    this.wide = traits.wide ?? traits.record ?? false
    this.record = traits.record ?? false
    this.deepens = traits.deepens ?? false
  }

  /** Adds fields; afterwards, because messages may hold each other. */
  with(...fields: readonly Field[]): this {
    this.fields.push(...fields)
    return this
  }

  /** The field with this key. */
  find(key: Buffer): Field | undefined {
    const name = key.toString()
    return this.fields.find((field) => field.name === name)
  }
}
