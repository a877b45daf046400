import { ClickHouseError } from '../errors.ts'
import type { ByteReader } from './byte-reader.ts'
import { fixedWidth } from './fixed-width.ts'
import { type NativeType, type NativeValue, parseNativeType } from './native-type.ts'

/** Reads one column: its prefix, then its data. */
export function readColumn(reader: ByteReader, typeName: string, rows: number): NativeValue[] {
  const type = parseNativeType(typeName)
  readPrefix(reader, type)
  return readData(reader, type, rows)
}

/** The prefixes of all parts of a type come before the data of any. */
function readPrefix(reader: ByteReader, type: NativeType): void {
  if (type.name === 'LowCardinality') {
    const version = reader.uint64()
    if (version !== 1) throw new ClickHouseError('BAD_DATA', `a LowCardinality column has keys of version ${version}; only 1 is known.`)
  } else if (type.name === 'Array' || type.name === 'Map' || type.name === 'Nullable') {
    for (const arg of type.args) readPrefix(reader, parseNativeType(arg))
  }
}

function readData(reader: ByteReader, type: NativeType, rows: number): NativeValue[] {
  const width = fixedWidth(type)
  if (width !== undefined) return times(rows, () => width.read(reader.view, reader.advance(width.bytes)))
  const [first = '', second = ''] = type.args
  switch (type.name) {
    case 'String':
      return times(rows, () => reader.string())
    case 'Nullable': {
      const nulls = times(rows, () => reader.view.getUint8(reader.advance(1)))
      return readData(reader, parseNativeType(first), rows).map((value, row) => (nulls[row] === 1 ? null : value))
    }
    case 'LowCardinality':
      return readLowCardinality(reader, parseNativeType(first), rows)
    case 'Array': {
      const ends = times(rows, () => reader.uint64())
      return slices(readData(reader, parseNativeType(first), ends.at(-1) ?? 0), ends)
    }
    case 'Map': {
      const ends = times(rows, () => reader.uint64())
      const keys = readData(reader, parseNativeType(first), ends.at(-1) ?? 0)
      const values = readData(reader, parseNativeType(second), ends.at(-1) ?? 0)
      return slices(keys.map((key, index) => [key, values[index]!]), ends)
    }
    default:
      throw new ClickHouseError('BAD_DATA', `columns of type ${type.name} are not read.`)
  }
}

function readLowCardinality(reader: ByteReader, values: NativeType, rows: number): NativeValue[] {
  if (rows === 0) return []
  const indexType = reader.uint64() & 0xff
  const keys = readData(reader, values, reader.uint64())
  const count = reader.uint64()
  if (count !== rows) throw new ClickHouseError('BAD_DATA', `a LowCardinality column has ${count} indexes for ${rows} rows.`)
  const width = fixedWidth({ name: ['UInt8', 'UInt16', 'UInt32', 'UInt64'][indexType] ?? '', args: [] })
  if (width === undefined) throw new ClickHouseError('BAD_DATA', `a LowCardinality column has indexes of type ${indexType}.`)
  return times(rows, () => keys[Number(width.read(reader.view, reader.advance(width.bytes)))]!)
}

function slices(items: readonly NativeValue[], ends: readonly number[]): NativeValue[] {
  return ends.map((end, row) => items.slice(ends[row - 1] ?? 0, end))
}

function times<T>(count: number, read: () => T): T[] {
  const values: T[] = []
  for (let each = 0; each < count; each++) values.push(read())
  return values
}
