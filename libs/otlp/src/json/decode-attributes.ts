import { type AnyValue, emptyValue, type KeyValue, MAX_VALUE_DEPTH } from '../record/any-value.ts'
import type { JsonObject, JsonReader } from './json-reader.ts'
import type { Json } from './parse-json.ts'

/** Reads an array of KeyValue. */
export function readAttributes(reader: JsonReader, object: JsonObject, key = 'attributes', depth = 0): readonly KeyValue[] {
  return reader.list(object, key, (item) => ({
    key: reader.string(item, 'key'),
    value: readAnyValue(reader, item, 'value', depth),
  }))
}

/** Reads an AnyValue: an object with one of the known keys. */
export function readAnyValue(reader: JsonReader, object: JsonObject, key: string, depth = 0): AnyValue {
  return reader.field(object, key, (value) => anyValue(reader, value, depth), emptyValue)
}

function anyValue(reader: JsonReader, value: Json, depth: number): AnyValue {
  if (depth > MAX_VALUE_DEPTH) throw reader.tooDeep(MAX_VALUE_DEPTH)
  const object = reader.object(value)
  for (const [key, read] of KINDS) {
    const found = reader.field<AnyValue | undefined>(object, key, (each) => read(reader, each, depth + 1), undefined)
    if (found !== undefined) return found
  }
  return emptyValue
}

const KINDS: readonly (readonly [string, (reader: JsonReader, value: Json, depth: number) => AnyValue])[] = [
  ['stringValue', (reader, value) => ({ kind: 'string', value: reader.text(value) })],
  ['intValue', (reader, value) => ({ kind: 'int', value: reader.int64(value) })],
  ['boolValue', (reader, value) => ({ kind: 'bool', value: reader.boolean(value) })],
  ['doubleValue', (reader, value) => ({ kind: 'double', value: reader.double(value) })],
  ['bytesValue', (reader, value) => ({ kind: 'bytes', value: readBase64(reader, value) })],
  [
    'arrayValue',
    (reader, value, depth) => ({
      kind: 'array',
      values: reader.field(reader.object(value), 'values', (items) => reader.items(items, (item) => anyValue(reader, item, depth)), []),
    }),
  ],
  ['kvlistValue', (reader, value, depth) => ({ kind: 'kvlist', values: readAttributes(reader, reader.object(value), 'values', depth) })],
]

function readBase64(reader: JsonReader, value: Json): Uint8Array {
  const text = reader.text(value)
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw reader.wrong('base64', value)
  return Buffer.from(text, 'base64')
}
