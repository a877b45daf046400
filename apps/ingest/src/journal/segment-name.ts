import { randomBytes } from 'node:crypto'

/** What the name of a segment file says. */
export interface SegmentName {
  /** Without the ending: names the segment for good, in ClickHouse's deduplication tokens as well. */
  readonly id: string
  /** At most the sequence of its first record. */
  readonly sequence: number
  /** When its file was made, milliseconds since 1970. */
  readonly createdAtMs: number
  /** `open`: being written, or left so by a crash. `segment`: closed for good. `corrupt`: what could be read was sent; kept for inspection. */
  readonly state: 'open' | 'segment' | 'corrupt'
}

const PATTERN = /^(\d{16})-(\d{13,16})-[0-9a-f]{16}$/

/** Sequences say by their remainder in which lane their segment is written: one after another in each. */
export const LANES = 2

/** The remainder in the lane for late days. */
export const LATE = 1

/** Every segment file begins with this; the last byte is the version of the format. */
export const SEGMENT_HEADER = Buffer.from('BALLASTJRNL\n\0\0\0\u0001', 'latin1')

/** A name that no segment of this or another journal has: the random part keeps tokens apart when the clock goes back. */
export function newSegmentId(sequence: number, createdAtMs: number): string {
  return `${String(sequence).padStart(16, '0')}-${String(Math.floor(createdAtMs)).padStart(13, '0')}-${randomBytes(8).toString('hex')}`
}

/** Reads the name of a file in the journal's folder; `undefined` when it is none of a segment. */
export function parseSegmentName(file: string): SegmentName | undefined {
  const dot = file.lastIndexOf('.')
  const [id, state] = [file.slice(0, dot), file.slice(dot + 1)]
  const match = PATTERN.exec(id)
  if (match === null || (state !== 'open' && state !== 'segment' && state !== 'corrupt')) return undefined
  return { id, state, sequence: Number(match[1]), createdAtMs: Number(match[2]) }
}
