import { ClickHouseError } from '../errors.ts'
import { ArrayColumn } from './array-column.ts'
import type { ColumnBuilder } from './column-builder.ts'
import { FixedColumn } from './fixed-column.ts'
import { fixedWidth } from './fixed-width.ts'
import { LowCardinalityColumn } from './low-cardinality-column.ts'
import { MapColumn } from './map-column.ts'
import { parseNativeType } from './native-type.ts'
import { NullableColumn } from './nullable-column.ts'
import { StringColumn } from './string-column.ts'

/**
 * The column builder of a ClickHouse type.
 *
 * @throws ClickHouseError `BAD_DATA` for a type that our tables do not use.
 */
export function createColumn(typeName: string): ColumnBuilder {
  const type = parseNativeType(typeName)
  const width = fixedWidth(type)
  if (width !== undefined) return new FixedColumn(width)
  const [first, second] = type.args
  if (type.name === 'String') return new StringColumn()
  if (type.name === 'LowCardinality' && first === 'String') return new LowCardinalityColumn()
  if (type.name === 'Map' && first === 'LowCardinality(String)' && second === 'String') return new MapColumn()
  if (type.name === 'Array' && first !== undefined) return new ArrayColumn(createColumn(first))
  if (type.name === 'Nullable' && first !== undefined) return new NullableColumn(createColumn(first), first === 'String' ? '' : 0)
  throw new ClickHouseError('BAD_DATA', `columns of type ${typeName} are not written in Native; createColumn knows which are.`)
}
