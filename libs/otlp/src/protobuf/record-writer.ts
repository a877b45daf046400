import type { BlockBuilder, MapRow } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { Transcoded, TranscodeOptions, WarningKind } from '../transcoded-block.ts'
import type { Flaw } from './flaw.ts'
import type { GroupAttributes } from './group-attributes.ts'

/** What all records of one `ResourceSpans`, `ResourceLogs`, `ResourceMetrics` have in common. */
export interface ResourceGroup {
  readonly serviceName: string
  readonly attributes: MapRow
  readonly schemaUrl: string
}

/** What all records of one `ScopeSpans`, `ScopeLogs`, `ScopeMetrics` have in common. */
export interface ScopeGroup {
  readonly name: string
  readonly version: string
  /** Absent where the table has no column for them. */
  readonly attributes: MapRow | undefined
  /** Attributes that the sender left out. */
  readonly droppedAttributes: number
  readonly schemaUrl: string
}

/** A table and what builds its block. */
export interface TableBlock {
  readonly table: string
  readonly builder: BlockBuilder
}

/** Called for each record, in order. */
export type OnRecord = (start: number, stop: number) => void

/** Takes what the records of a group have in common. */
export interface EnvelopeWriter {
  /** Set when what was written last cannot be stored. */
  readonly flaw: Flaw
  readonly redactor: Redactor
  readonly resourceAttributes: GroupAttributes
  /** Absent where the table has no column for them. */
  readonly scopeAttributes: GroupAttributes | undefined
  beginScope(resource: ResourceGroup, scope: ScopeGroup): void
}

/** Takes requests as a whole, if they are plain. */
export interface PlainRequests {
  /** What becomes of a request, `undefined` to leave it to the writer of its records. `warnings` were noticed before. */
  transcode(source: Buffer, options: TranscodeOptions, warnings: ReadonlyMap<WarningKind, number>): Transcoded | undefined
}

/** Writes one signal's records into the columns of its tables. */
export interface RecordWriter extends EnvelopeWriter {
  readonly tables: readonly TableBlock[]
  /** Is asked first. */
  readonly plain?: PlainRequests | undefined
  /** Numbers of the record's fields that hold ids; they and the numbers of a rejected record are kept when there is redaction. */
  readonly idFields: readonly number[]
  /** Begins empty blocks, after the redactor began. */
  begin(options: TranscodeOptions, tally: Tally): void
  /** Calls `onRecord` for each record of what the envelope groups; absent where that is the record itself. */
  split?(source: Buffer, start: number, stop: number, onRecord: OnRecord): void
  /**
   * Writes the record `source[start, stop)`, or sets the flaw. `false` when no row was written; a row that was written although
   * it has a flaw makes the block unusable.
   */
  write(source: Buffer, start: number, stop: number): boolean
}
