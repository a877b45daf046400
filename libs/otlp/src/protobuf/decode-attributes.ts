import { OtlpError } from '../errors.ts'
import { type AnyValue, emptyValue, type KeyValue, MAX_VALUE_DEPTH } from '../record/any-value.ts'
import type { Scope } from '../record/records.ts'
import { I64, LEN, VARINT, WireReader } from './wire-reader.ts'

/** Decodes `opentelemetry.proto.common.v1.KeyValue`. */
export function decodeKeyValue(bytes: Uint8Array, depth = 0): KeyValue {
  const reader = new WireReader(bytes)
  let key = ''
  let value = emptyValue
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        key = reader.string()
        break
      case (2 << 3) | LEN:
        value = decodeAnyValue(reader.bytes(), depth)
        break
      default:
        reader.skip()
    }
  }
  return { key, value }
}

/** Decodes `opentelemetry.proto.common.v1.AnyValue`; of several values the last one counts. */
export function decodeAnyValue(bytes: Uint8Array, depth = 0): AnyValue {
  if (depth > MAX_VALUE_DEPTH) throw new OtlpError('NESTED_TOO_DEEP', `a value nests deeper than ${MAX_VALUE_DEPTH} levels; flatten it.`)
  const reader = new WireReader(bytes)
  let value = emptyValue
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        value = { kind: 'string', value: reader.string() }
        break
      case (2 << 3) | VARINT:
        value = { kind: 'bool', value: reader.varint() !== 0n }
        break
      case (3 << 3) | VARINT:
        value = { kind: 'int', value: reader.int64() }
        break
      case (4 << 3) | I64:
        value = { kind: 'double', value: reader.double() }
        break
      case (5 << 3) | LEN:
        value = { kind: 'array', values: repeated(reader.bytes(), (item) => decodeAnyValue(item, depth + 1)) }
        break
      case (6 << 3) | LEN:
        value = { kind: 'kvlist', values: repeated(reader.bytes(), (item) => decodeKeyValue(item, depth + 1)) }
        break
      case (7 << 3) | LEN:
        value = { kind: 'bytes', value: reader.bytes() }
        break
      default:
        reader.skip()
    }
  }
  return value
}

/** Decodes `Resource`: its attributes. */
export function decodeResource(bytes: Uint8Array): readonly KeyValue[] {
  return repeated(bytes, (item) => decodeKeyValue(item))
}

/** Decodes `InstrumentationScope` onto what an earlier part of the same message said. */
export function decodeScope(bytes: Uint8Array, earlier: Scope): Scope {
  const reader = new WireReader(bytes)
  let { name, version } = earlier
  const attributes = [...earlier.attributes]
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        name = reader.string()
        break
      case (2 << 3) | LEN:
        version = reader.string()
        break
      case (3 << 3) | LEN:
        attributes.push(decodeKeyValue(reader.bytes()))
        break
      default:
        reader.skip()
    }
  }
  return { name, version, attributes }
}

/** Messages whose only known field is a repeated message, number 1. */
function repeated<T>(bytes: Uint8Array, decode: (item: Uint8Array) => T): T[] {
  const reader = new WireReader(bytes)
  const items: T[] = []
  while (reader.next()) {
    if (reader.tag === ((1 << 3) | LEN)) items.push(decode(reader.bytes()))
    else reader.skip()
  }
  return items
}
