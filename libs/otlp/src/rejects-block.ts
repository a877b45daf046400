import { type BlockFormat, insertColumns, tables } from '@ballast/clickhouse'
import type { OtlpEncoding, RejectReason } from './transcoded-block.ts'

/** What is kept of something that is not stored. */
export interface Quarantined {
  /** `bad_data`: ClickHouse refused the rows. */
  readonly reason: RejectReason | 'bad_data'
  /** A sentence for a person. */
  readonly detail: string
  /** Of `raw`. */
  readonly encoding: OtlpEncoding | BlockFormat
  /** The record as it came, or the rows as they were to be inserted. */
  readonly raw: Uint8Array
}

/** Where rejected records came from. */
export interface RejectSource {
  readonly signal: 'traces' | 'logs' | 'metrics'
  readonly tenantId: string
  readonly requestId: string
  readonly receivedAtUnixNano: bigint
}

/** A block of the quarantine table. */
export interface RejectsBlock {
  readonly table: string
  readonly columns: readonly string[]
  readonly format: BlockFormat
  readonly body: Uint8Array
  readonly rows: number
}

/** Rows of `ballast_rejects`. RowBinary, because the raw bytes of a record need not be a text. */
export function rejectsBlock(rejects: readonly Quarantined[], source: RejectSource): RejectsBlock {
  const parts = rejects.flatMap((reject) => [
    int64(source.receivedAtUnixNano),
    ...[source.tenantId, source.signal, reject.reason, reject.detail, source.requestId, reject.encoding, reject.raw].flatMap(sized),
  ])
  return {
    table: tables.rejects.name,
    columns: insertColumns(tables.rejects).map((column) => column.name),
    format: 'RowBinary',
    body: Buffer.concat(parts),
    rows: rejects.length,
  }
}

function int64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

/** A String: its length as a varint, then its bytes. */
function sized(value: string | Uint8Array): readonly Uint8Array[] {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const length: number[] = []
  let rest = bytes.length
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80)
  length.push(rest)
  return [Buffer.from(length), bytes]
}
