import { type NativeValue, readNativeBlocks } from '@ballast/clickhouse'
import type { Transcoded, TranscodedBlock } from '../src/index.ts'

/** The rows of a request as objects: 64-bit integers as strings, times as seconds, maps as objects. */
export function rowsOf({ blocks }: Transcoded): Record<string, unknown>[] {
  return blocks.flatMap((block) => blockRows(block))
}

/** The bytes of all blocks. */
export function bytesOf({ blocks }: Transcoded): Buffer {
  return Buffer.concat(blocks.map((block) => block.body))
}

/** The rows of one block. */
export function blockRows(block: TranscodedBlock): Record<string, unknown>[] {
  return readNativeBlocks(block.body).flatMap(({ rows, columns }) =>
    Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map(({ name, type, values }) => [name, shown(type, values[row]!)]))),
  )
}

/** The pairs of a map column of the first row, in the order in which they are stored. */
export function pairsOf({ blocks: [block] }: Transcoded, column: string): unknown {
  return block === undefined ? undefined : readNativeBlocks(block.body)[0]!.columns.find(({ name }) => name === column)!.values[0]
}

function shown(type: string, value: NativeValue): unknown {
  if (type.startsWith('Array(')) return (value as readonly NativeValue[]).map((item) => shown(type.slice(6, -1), item))
  if (type.startsWith('Map(')) return Object.fromEntries(value as readonly (readonly [string, string])[])
  if (type === 'DateTime64(9)') {
    const ticks = value as bigint
    return `${String(ticks / 1_000_000_000n).padStart(10, '0')}.${String(ticks % 1_000_000_000n).padStart(9, '0')}`
  }
  return typeof value === 'bigint' ? String(value) : value
}
