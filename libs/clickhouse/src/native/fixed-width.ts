import { ClickHouseError } from '../errors.ts'
import type { NativeType, NativeValue } from './native-type.ts'

/** How values of one width are written and read, little end first. */
export interface FixedWidth {
  readonly bytes: number
  write(view: DataView, at: number, value: NativeValue): void
  read(view: DataView, at: number): NativeValue
}

const int8: FixedWidth = { bytes: 1, write: (view, at, value) => view.setInt8(at, Number(value)), read: (view, at) => view.getInt8(at) }
const uint32: FixedWidth = { bytes: 4, write: (view, at, value) => view.setUint32(at, Number(value), true), read: (view, at) => view.getUint32(at, true) }
const int64: FixedWidth = { bytes: 8, write: (view, at, value) => view.setBigInt64(at, integer(value), true), read: (view, at) => view.getBigInt64(at, true) }

const FIXED_WIDTHS: Readonly<Record<string, FixedWidth>> = {
  UInt8: { bytes: 1, write: (view, at, value) => view.setUint8(at, Number(value)), read: (view, at) => view.getUint8(at) },
  UInt16: { bytes: 2, write: (view, at, value) => view.setUint16(at, Number(value), true), read: (view, at) => view.getUint16(at, true) },
  UInt32: uint32,
  UInt64: { bytes: 8, write: (view, at, value) => view.setBigUint64(at, integer(value), true), read: (view, at) => view.getBigUint64(at, true) },
  Int8: int8,
  Int16: { bytes: 2, write: (view, at, value) => view.setInt16(at, Number(value), true), read: (view, at) => view.getInt16(at, true) },
  Int32: { bytes: 4, write: (view, at, value) => view.setInt32(at, Number(value), true), read: (view, at) => view.getInt32(at, true) },
  Int64: int64,
  Float64: { bytes: 8, write: (view, at, value) => view.setFloat64(at, Number(value), true), read: (view, at) => view.getFloat64(at, true) },
  Bool: { bytes: 1, write: (view, at, value) => view.setUint8(at, value === true ? 1 : 0), read: (view, at) => view.getUint8(at) === 1 },
  DateTime: uint32,
  DateTime64: int64,
  Enum8: int8,
}

/** Finds how a type of fixed width is laid out; `undefined` for the others. */
export function fixedWidth(type: NativeType): FixedWidth | undefined {
  if (type.name === 'FixedString') return fixedString(Number(type.args[0]))
  return FIXED_WIDTHS[type.name]
}

function fixedString(bytes: number): FixedWidth {
  return {
    bytes,
    write(view, at, value) {
      const target = Buffer.from(view.buffer, view.byteOffset + at, bytes).fill(0)
      const text = Buffer.from(String(value))
      if (text.length > bytes) throw new ClickHouseError('BAD_DATA', `a text of ${text.length} bytes does not fit FixedString(${bytes}).`)
      text.copy(target)
    },
    read: (view, at) => Buffer.from(view.buffer, view.byteOffset + at, bytes).toString(),
  }
}

function integer(value: NativeValue): bigint {
  return typeof value === 'bigint' ? value : BigInt(Number(value))
}
