import type { AnyValue, KeyValue } from '../record/any-value.ts'
import type { Tally } from '../record/tally.ts'

/** A value as the text of a String column: texts as they are, numbers in decimal, bytes in base64, nested values as JSON. */
export function valueText(value: AnyValue, tally: Tally): string {
  switch (value.kind) {
    case 'empty':
      return ''
    case 'string':
      return value.value
    case 'bool':
    case 'int':
    case 'double':
      return String(value.value)
    case 'bytes':
      return base64(value.value)
    case 'array':
    case 'kvlist':
      return jsonText(value, tally)
  }
}

/** A value as JSON: the same value always gives the same text. */
function jsonText(value: AnyValue, tally: Tally): string {
  switch (value.kind) {
    case 'empty':
      return 'null'
    case 'string':
      return JSON.stringify(value.value)
    case 'bool':
    case 'int':
      return String(value.value)
    case 'double':
      return Number.isFinite(value.value) ? String(value.value) : `"${value.value}"`
    case 'bytes':
      return `"${base64(value.value)}"`
    case 'array':
      return `[${value.values.map((item) => jsonText(item, tally)).join(',')}]`
    case 'kvlist':
      return objectText(value.values, tally)
  }
}

/** Written by hand: an object would put keys that look like numbers first. */
function objectText(entries: readonly KeyValue[], tally: Tally): string {
  const values = new Map<string, AnyValue>()
  for (const { key, value } of entries) {
    if (values.has(key)) tally.warn('duplicate_attribute_key')
    else values.set(key, value)
  }
  const keys = [...values.keys()].toSorted(byUtf8)
  return `{${keys.map((key) => `${JSON.stringify(key)}:${jsonText(values.get(key)!, tally)}`).join(',')}}`
}

const ABOVE_SURROGATES = /[\uD800-\uFFFF]/

/** Order of the UTF-8 bytes, which is the order of code points; UTF-16 differs only from the surrogates upwards. */
function byUtf8(a: string, b: string): number {
  if (ABOVE_SURROGATES.test(a) || ABOVE_SURROGATES.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : 1
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
