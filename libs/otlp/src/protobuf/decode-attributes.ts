import { isUtf8 } from 'node:buffer'
import { OtlpError } from '../errors.ts'
import { type AnyValue, emptyValue, type KeyValue, MAX_VALUE_DEPTH } from '../record/any-value.ts'
import { I64, LEN, VARINT, WireReader } from './wire-reader.ts'

/** Fields of a KeyValue. */
const KEY = (1 << 3) | LEN
const VALUE = (2 << 3) | LEN

/** Decodes `ArrayValue` as objects: nested values are rare, and are stored as JSON. */
export function decodeArray(source: Buffer, start: number, stop: number, depth = 1): AnyValue {
  return { kind: 'array', values: repeated(source, start, stop, (from, to) => decodeAnyValue(source, from, to, depth)) }
}

/** Decodes `KeyValueList` as objects. */
export function decodeKeyValueList(source: Buffer, start: number, stop: number, depth = 1): AnyValue {
  const keys = new Set<string>()
  return { kind: 'kvlist', values: repeated(source, start, stop, (from, to) => decodeKeyValue(source, from, to, depth, keys)) }
}

/** Decodes `opentelemetry.proto.common.v1.AnyValue`; of several values the last one counts. */
function decodeAnyValue(source: Buffer, start: number, stop: number, depth: number): AnyValue {
  if (depth > MAX_VALUE_DEPTH) throw new OtlpError('NESTED_TOO_DEEP', `a value nests deeper than ${MAX_VALUE_DEPTH} levels; flatten it.`)
  const reader = new WireReader().open(source, start, stop)
  let value = emptyValue
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        value = { kind: 'string', value: readText(reader) }
        break
      case (2 << 3) | VARINT:
        reader.varint()
        value = { kind: 'bool', value: reader.low !== 0 || reader.high !== 0 }
        break
      case (3 << 3) | VARINT:
        reader.varint()
        value = { kind: 'int', value: BigInt.asIntN(64, (BigInt(reader.high) << 32n) | BigInt(reader.low)) }
        break
      case (4 << 3) | I64:
        reader.fixed64()
        value = { kind: 'double', value: source.readDoubleLE(reader.at - 8) }
        break
      case (5 << 3) | LEN:
        reader.range()
        value = decodeArray(source, reader.start, reader.stop, depth + 1)
        break
      case (6 << 3) | LEN:
        reader.range()
        value = decodeKeyValueList(source, reader.start, reader.stop, depth + 1)
        break
      case (7 << 3) | LEN:
        reader.range()
        value = { kind: 'bytes', value: source.subarray(reader.start, reader.stop) }
        break
      default:
        reader.skip()
    }
  }
  return value
}

/** `keys` came before this one: of equal ones only the first is stored, so the value of another is not even looked at. */
function decodeKeyValue(source: Buffer, start: number, stop: number, depth: number, keys: Set<string>): KeyValue {
  const key = keyOf(source, start, stop)
  let value = emptyValue
  if (keys.has(key)) return { key, value }
  keys.add(key)
  const reader = new WireReader().open(source, start, stop)
  while (reader.next()) {
    if (reader.tag === VALUE) {
      reader.range()
      const later = decodeAnyValue(source, reader.start, reader.stop, depth)
      // An empty message sets nothing, so what came before it stays.
      if (later.kind !== 'empty') value = later
    } else reader.skip()
  }
  return { key, value }
}

function keyOf(source: Buffer, start: number, stop: number): string {
  const reader = new WireReader().open(source, start, stop)
  let key = ''
  while (reader.next()) {
    if (reader.tag === KEY) key = readText(reader)
    else reader.skip()
  }
  return key
}

function readText(reader: WireReader): string {
  reader.range()
  const bytes = reader.source.subarray(reader.start, reader.stop)
  if (!isUtf8(bytes)) throw new OtlpError('INVALID_UTF8', 'a nested value holds a text that is not UTF-8; send bytes as bytes_value.')
  return bytes.toString()
}

/** Messages whose only known field is a repeated message, number 1. */
function repeated<T>(source: Buffer, start: number, stop: number, decode: (from: number, to: number) => T): T[] {
  const reader = new WireReader().open(source, start, stop)
  const items: T[] = []
  while (reader.next()) {
    if (reader.tag === ((1 << 3) | LEN)) {
      reader.range()
      items.push(decode(reader.start, reader.stop))
    } else reader.skip()
  }
  return items
}
