import type { BlockBuilder, MapRow } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
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

/** Writes one signal's records into the columns of its tables. */
export interface RecordWriter {
  readonly tables: readonly TableBlock[]
  /** Set when the last record cannot be stored. */
  readonly flaw: Flaw
  readonly resourceAttributes: GroupAttributes
  /** Absent where the table has no column for them. */
  readonly scopeAttributes: GroupAttributes | undefined
  /** Begins empty blocks. */
  begin(options: TranscodeOptions, tally: Tally): void
  beginScope(resource: ResourceGroup, scope: ScopeGroup): void
  /** Calls `onRecord` for each record of what the envelope groups; absent where that is the record itself. */
  split?(source: Buffer, start: number, stop: number, onRecord: OnRecord): void
  /**
   * Writes the record `source[start, stop)`, or sets the flaw. `false` when no row was written; a row that was written although
   * it has a flaw makes the block unusable.
   */
  write(source: Buffer, start: number, stop: number): boolean
}
