import type { PlannedBlock } from '../delivery/insert-plan.ts'

/** Rows of a block whose time is looked at: evenly spread. */
const SAMPLES = 8

const NANOSECONDS_PER_SECOND = 1e9

/**
 * Ages of a few records of a Native block, in seconds: from their own time to now. The time is read where it lies: it is the
 * first column of spans and log records, 8 bytes a row. Nothing for blocks of another kind.
 */
export function agesOf({ format, columns, body, rows }: Pick<PlannedBlock, 'format' | 'columns' | 'body' | 'rows'>, nowMs: number): readonly number[] {
  if (format !== 'Native' || columns[0] !== 'Timestamp') return []
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  // Numbers of columns and of rows, then the column's name and type, each with its length before it.
  const name = afterVarint(bytes, afterVarint(bytes, 0))
  const type = name + 1 + bytes[name]!
  const data = type + 1 + bytes[type]!
  const step = Math.max(1, Math.floor(rows / SAMPLES))
  const ages: number[] = []
  for (let row = 0; row < rows; row += step) ages.push(nowMs / 1000 - Number(bytes.readBigInt64LE(data + row * 8)) / NANOSECONDS_PER_SECOND)
  return ages
}

function afterVarint(bytes: Buffer, at: number): number {
  while (bytes[at]! >= 0x80) at++
  return at + 1
}
