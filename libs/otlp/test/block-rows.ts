import { type NativeValue, readNativeBlocks } from '@ballast/clickhouse'
import type { Transcoded, TranscodedBlock } from '../src/index.ts'

/** The rows of a request as objects, the same whichever format they have: 64-bit integers as strings, times as seconds, maps as objects. */
export function rowsOf({ blocks }: Transcoded): Record<string, unknown>[] {
  return blocks.flatMap((block) => blockRows(block))
}

/** The bytes of all blocks. */
export function bytesOf({ blocks }: Transcoded): Buffer {
  return Buffer.concat(blocks.map((block) => block.body))
}

/** The rows of one block. */
export function blockRows(block: TranscodedBlock): Record<string, unknown>[] {
  if (block.format === 'JSONEachRow') {
    return Buffer.from(block.body).toString().split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  return readNativeBlocks(block.body).flatMap(({ rows, columns }) =>
    Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map(({ name, type, values }) => [name, shown(type, values[row]!)]))),
  )
}

/** The pairs of a map column of the first row, in the order in which they are stored. */
export function pairsOf({ blocks: [block] }: Transcoded, column: string): unknown {
  if (block === undefined) return undefined
  if (block.format === 'Native') return readNativeBlocks(block.body)[0]!.columns.find(({ name }) => name === column)!.values[0]
  const [line = ''] = Buffer.from(block.body).toString().split('\n')
  const map = new RegExp(`"${column}":\\{(.*?)\\}`).exec(line)![1]!
  return map.split(',').map((pair) => pair.split(':').map((part) => JSON.parse(part) as string))
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
