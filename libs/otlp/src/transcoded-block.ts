import type { BlockFormat } from '@ballast/clickhouse'
import type { CardinalityGuard } from './cardinality/cardinality-guard.ts'
import type { Limits } from './limits.ts'
import type { Redaction } from './redaction/create-redaction.ts'
import type { Sampling } from './sampling/sampling.ts'

/** The two encodings of an OTLP/HTTP body. */
export type OtlpEncoding = 'protobuf' | 'json'

/** What a transcoder needs to know beside the bytes. Same bytes and same options give the same block, byte for byte. */
export interface TranscodeOptions {
  readonly encoding: OtlpEncoding
  /** Written to every row. */
  readonly tenantId: string
  /** When the request came; the time of a record that carries none. Nanoseconds since 1970. */
  readonly receivedAtUnixNano: bigint
  /** What must not be stored as it came. Absent: everything is. */
  readonly redaction?: Redaction | undefined
  /** Sizes beyond which values are cut. Absent: none are. */
  readonly limits?: Limits | undefined
  /** Records of other times are rejected. Absent: all times are taken that a table can hold. */
  readonly times?: TimeBounds | undefined
  /** Bounds how many values a key has. It remembers, so the same request gives the same block as long as its window lasts. Absent: no bound. */
  readonly cardinality?: CardinalityGuard | undefined
  /** Which spans and log records are left out. Absent: none are. Metrics never are. */
  readonly sampling?: Sampling | undefined
}

/** Times that are taken: of a span when it started, of a log record or a data point when it happened. Both bounds are taken. */
export interface TimeBounds {
  readonly oldestUnixNano: bigint
  /** Records of times before this one are taken, and counted as `late`. Absent: none are. */
  readonly lateBeforeUnixNano?: bigint
  readonly newestUnixNano: bigint
}

/** Why a record is not stored. */
export type RejectReason =
  | 'invalid_trace_id'
  | 'invalid_span_id'
  | 'invalid_parent_span_id'
  | 'timestamp_out_of_range'
  /** Its time lies before the bounds that were given. */
  | 'timestamp_too_old'
  /** Its time lies behind them. */
  | 'timestamp_in_future'
  /** A text of the record is not UTF-8. Protobuf only: JSON as a whole must be. */
  | 'invalid_utf8'
  /** A value of the record nests too deep. */
  | 'nested_too_deep'
  /** A field of the record holds no such value: a number that does not fit, a text where a number belongs. JSON only. */
  | 'invalid_value'

/** What was stored although something about it was odd. */
export type WarningKind =
  | 'duplicate_attribute_key'
  | 'end_before_start'
  | 'start_time_missing'
  | 'time_missing'
  | 'metric_without_data'
  | 'id_was_base64'
  | 'link_without_ids'
  | 'exemplar_without_ids'
  | 'log_without_trace'
  | 'enum_name'
  | 'enum_unknown'
  | 'lone_surrogate'
  | 'no_known_field'
  | 'value_truncated'
  | 'body_truncated'
  | 'attribute_over_limit'
  | 'cardinality_limit'
  | 'sample_rate_invalid'

/** One record that is not stored. */
export interface RejectedRecord {
  readonly reason: RejectReason
  /** A sentence for a person. */
  readonly detail: string
  /** Of `raw`. */
  readonly encoding: OtlpEncoding
  /** The record as it came: its protobuf bytes, or its JSON text. With redaction only its ids, times and numbers, always in protobuf. */
  readonly raw: Uint8Array
}

/** Rows for one table, ready to insert. Blocks of the same table and columns may be put one after another. */
export interface TranscodedBlock {
  readonly table: string
  readonly columns: readonly string[]
  readonly format: BlockFormat
  readonly body: Uint8Array
  /** Rows in `body`; at least one. */
  readonly rows: number
}

/** What became of one request. */
export interface Transcoded {
  /** One for each table that gets rows. The request is stored when all of them are. */
  readonly blocks: readonly TranscodedBlock[]
  /** Rows of all blocks. Records received are `rows + sampled + rejected.count`. */
  readonly rows: number
  /** Records that were left out: others stand for them. */
  readonly sampled: number
  /** Records whose time lies before `lateBeforeUnixNano`. */
  readonly late: number
  readonly rejected: { readonly count: number; readonly reasons: ReadonlyMap<RejectReason, number> }
  /** One entry for each rejected record, in order. */
  readonly rejects: readonly RejectedRecord[]
  /** How often each oddity was met. */
  readonly warnings: ReadonlyMap<WarningKind, number>
  /** How often each redaction rule hit, by its name. */
  readonly redactions: ReadonlyMap<string, number>
}
