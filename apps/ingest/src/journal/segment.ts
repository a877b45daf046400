import { type Damage, type JournalRecord, readRecords } from './journal-record.ts'
import type { JournalFiles } from './journal-files.ts'
import { SEGMENT_HEADER } from './segment-name.ts'

/** One closed segment: what becomes one insert for each of its tables. */
export interface Segment {
  /** Names it in ClickHouse's deduplication tokens. */
  readonly id: string
  /** Its name in the journal's folder. */
  readonly file: string
  readonly bytes: number
  /** When its first record came, or, of a process before this one, its last; milliseconds since 1970. */
  readonly createdAtMs: number
  /** Written by a process before this one. */
  readonly recovered: boolean
}

/** What a segment file holds. */
export interface SegmentContent {
  readonly records: readonly JournalRecord[]
  readonly damage: readonly Damage[]
  /** Behind the last record that can be read. */
  readonly end: number
  /** What the bodies of the records are views of. */
  readonly memory: Buffer
}

/**
 * Reads a segment whole: it is as large as one insert.
 *
 * @param maxBytes - what lies behind was never accepted.
 * @param allocate - gives memory for so many bytes.
 */
export async function readSegment(files: Pick<JournalFiles, 'read'>, file: string, maxBytes = Number.POSITIVE_INFINITY, allocate?: (bytes: number) => Buffer): Promise<SegmentContent> {
  const memory = await files.read(file, allocate)
  const bytes = memory.subarray(0, maxBytes)
  const headed = bytes.length >= SEGMENT_HEADER.length && SEGMENT_HEADER.equals(bytes.subarray(0, SEGMENT_HEADER.length))
  if (headed) return { ...readRecords(bytes, SEGMENT_HEADER.length), memory }
  // Not even the beginning is whole: a file that was being made when the power went, or damage; records are looked for all the same.
  const { records, end } = readRecords(bytes, 0)
  return { records, end, memory, damage: bytes.length === 0 ? [] : [{ offset: 0, bytes: Math.min(bytes.length, SEGMENT_HEADER.length), atEnd: records.length === 0 }] }
}
