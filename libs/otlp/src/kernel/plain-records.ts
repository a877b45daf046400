import { MapColumn, type TableDefinition } from '@ballast/clickhouse'
import { OtlpError } from '../errors.ts'
import { NO_LIMIT } from '../limits.ts'
import { Envelope } from '../protobuf/envelope.ts'
import { Flaw } from '../protobuf/flaw.ts'
import { GroupAttributes } from '../protobuf/group-attributes.ts'
import { SERVICE_NAME } from '../protobuf/group-columns.ts'
import type { EnvelopeWriter, PlainRequests, ResourceGroup, ScopeGroup } from '../protobuf/record-writer.ts'
import { SAMPLE_RATE } from '../protobuf/sample-rates.ts'
import { Tally } from '../record/tally.ts'
import { Redactor } from '../redaction/redactor.ts'
import type { Transcoded, TranscodeOptions, WarningKind } from '../transcoded-block.ts'
import { MapRuns, NameRuns, TextRuns } from './group-runs.ts'
import type { Kernel } from './kernel.ts'
import { KernelMemory } from './kernel-memory.ts'
import { KernelWriter, type WriteColumn } from './kernel-writer.ts'
import { KeyActions } from './key-actions.ts'
import { notPlain } from './not-plain.ts'
import { PlainValues } from './plain-values.ts'

/** Larger requests are left to the writers of records, which need less memory. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024

/** Most bytes of a row beside its texts and what it shares with its scope. */
const ROW_BYTES = 320

/** The same for an attribute: the number of its key, and what stands in place of its value. */
const ATTRIBUTE_BYTES = 48

/** The last time that the tables' DateTime columns hold: `unix-nano.ts`. */
const LAST_UNIX_NANO = (1_000_000_000n << 32n) - 1n

/** A sample rate of one, as a UInt64. */
const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)

/** What one signal adds to {@link PlainRecords}. */
export interface PlainSignal {
  /** Notes the record `source[start, stop)`; 0 when it is not plain. */
  read(start: number, stop: number): number
  beginScope(resource: ResourceGroup, scope: ScopeGroup): void
  /** Columns that are the same in all records of a scope. */
  readonly runs: readonly Runs[]
  /** How the columns are written that not every signal has. */
  readonly columns: Readonly<Record<string, WriteColumn>>
  /** Counts what was odd about the block. */
  warn(tally: Tally): void
}

/** Columns whose values are the same in all records of a scope. */
type Runs = NameRuns | TextRuns | MapRuns

/**
 * Turns plain requests into Native blocks by the kernel: the same bytes as the writers of records give, in a fraction of the time.
 * Plain is what nearly all requests are: every record can be stored, and nothing about it is rare. Others are given up as soon as
 * that shows, and left to the writers of records.
 */
export class PlainRecords implements EnvelopeWriter, PlainRequests {
  readonly flaw = new Flaw()
  readonly redactor = new Redactor()
  readonly memory: KernelMemory
  readonly writer: KernelWriter
  readonly resourceAttributes: GroupAttributes
  /** Absent where the table has no column for them. */
  readonly scopeAttributes: GroupAttributes | undefined
  /** Rows of the attributes of scopes. */
  readonly scopes: MapRuns
  /** The request. */
  source: Buffer = Buffer.alloc(0)
  options: TranscodeOptions = { encoding: 'protobuf', tenantId: '', receivedAtUnixNano: 0n }
  tally = new Tally()
  readonly #table: TableDefinition
  readonly #signal: PlainSignal
  readonly #values: PlainValues
  readonly #keys: KeyActions
  readonly #eventKeys: KeyActions
  readonly #services = new NameRuns()
  readonly #tenants = new NameRuns()
  readonly #scopeNames = new TextRuns()
  readonly #resources: MapRuns
  readonly #runs: readonly Runs[]
  readonly #columns: Readonly<Record<string, WriteColumn>>
  #rows = 0
  #scopeRows = 0

  constructor(kernel: Kernel, table: TableDefinition, signal: (records: PlainRecords) => PlainSignal) {
    this.#table = table
    this.memory = new KernelMemory(kernel)
    this.writer = new KernelWriter(this.memory, table)
    this.#values = new PlainValues(this.memory, this.flaw, this.redactor)
    this.#keys = new KeyActions(this.memory, this.redactor)
    this.#eventKeys = new KeyActions(this.memory, this.redactor)
    const resources = new MapColumn()
    this.#resources = new MapRuns(resources)
    this.resourceAttributes = new GroupAttributes(resources, this.flaw, this.#values.values, { watch: SERVICE_NAME, guarded: { table: table.name, column: 'ResourceAttributes' } })
    const scopes = new MapColumn()
    this.scopes = new MapRuns(scopes)
    if (this.writer.columnNames.includes('ScopeAttributes')) this.scopeAttributes = new GroupAttributes(scopes, this.flaw, this.#values.values)
    this.#signal = signal(this)
    this.#runs = [this.#services, this.#tenants, this.#scopeNames, this.#resources, ...this.#signal.runs]
    this.#columns = {
      ServiceName: () => this.#services.write(this.writer),
      ResourceAttributes: () => this.#resources.write(this.writer),
      ScopeName: () => this.#scopeNames.write(this.writer),
      TenantId: () => this.#tenants.write(this.writer),
      SampleRate: () => this.writer.repeat(ONE, this.writer.rows),
      ...this.#signal.columns,
    }
  }

  /** What becomes of a request, `undefined` when it is not plain. `warnings` were noticed before. */
  transcode(source: Buffer, options: TranscodeOptions, warnings: ReadonlyMap<WarningKind, number>): Transcoded | undefined {
    if (source.length > MAX_REQUEST_BYTES || (options.sampling?.rate ?? 1) > 1) return undefined
    const sieve = options.redaction?.patterns?.sieve
    // What rules search every text for, or for too many bytes, the kernel does not find.
    if (sieve !== undefined && sieve.whileCopied === undefined) return undefined
    try {
      this.#begin(source, options, warnings)
      new Envelope(source, this, this.tally, this.#onRecord).walk()
      this.#endScope()
      return this.#rows === 0 ? undefined : this.#finish()
    } catch (error) {
      // What is wrong with it, the writers of records say exactly.
      if (error === notPlain || error instanceof OtlpError) return undefined
      throw error
    }
  }

  beginScope(resource: ResourceGroup, scope: ScopeGroup): void {
    this.#endScope()
    this.#services.beginScope(resource.serviceName)
    this.#tenants.beginScope(this.options.tenantId)
    this.#scopeNames.beginScope(scope.name)
    this.#resources.beginScope(resource.attributes)
    this.#signal.beginScope(resource, scope)
  }

  readonly #onRecord = (start: number, stop: number): void => {
    if (this.#signal.read(start, stop) === 0) throw notPlain
    this.#scopeRows++
  }

  #begin(source: Buffer, options: TranscodeOptions, warnings: ReadonlyMap<WarningKind, number>): void {
    this.source = source
    this.options = options
    this.tally = new Tally()
    for (const [kind, times] of warnings) this.tally.warn(kind, times)
    this.flaw.clear()
    this.#rows = this.#scopeRows = 0
    options.cardinality?.begin(options.receivedAtUnixNano)
    this.redactor.begin(options)
    this.memory.begin(source, this.redactor.pseudonymsNumber, options.limits?.maxAttributes ?? NO_LIMIT)
    this.memory.kernel.host = this.#values
    this.#values.begin(source, options, this.tally)
    for (const runs of this.#runs) runs.clear()
    this.#keys.begin(options.redaction)
    this.#eventKeys.begin(options.redaction)
    this.resourceAttributes.clear(options)
    this.scopeAttributes?.clear(options)
    const { oldestUnixNano = 0n, newestUnixNano = LAST_UNIX_NANO, lateBeforeUnixNano = oldestUnixNano } = options.times ?? {}
    this.memory.kernel.run.beginTimes(oldestUnixNano, lateBeforeUnixNano, newestUnixNano < LAST_UNIX_NANO ? newestUnixNano : LAST_UNIX_NANO)
  }

  #endScope(): void {
    this.#rows += this.#scopeRows
    for (const runs of this.#runs) runs.end(this.#scopeRows)
    this.#scopeRows = 0
  }

  /** Returns how many attributes the events have. */
  #readEvents(): number {
    if (!this.memory.readEvents()) throw notPlain
    this.#eventKeys.apply(this.source)
    const attributes = this.memory.kernel.run.attributeCount()
    this.memory.kernel.run.swap()
    return attributes
  }

  #finish(): Transcoded {
    const { run } = this.memory.kernel
    const rows = this.#rows
    const events = run.eventCount()
    this.#keys.apply(this.source, SAMPLE_RATE)
    const attributes = run.attributeCount() + (events === 0 ? 0 : this.#readEvents())
    const shared = this.#runs.reduce((sum, runs) => sum + runs.bytes, 0)
    this.memory.beginBlock(Math.max(rows, events), this.source.length * 2 + (rows + events) * ROW_BYTES + attributes * ATTRIBUTE_BYTES + shared + this.writer.overhead)
    const body = this.writer.block(rows, this.#columns)
    this.#keys.count()
    this.#eventKeys.count()
    this.tally.late = run.lateCount()
    this.#signal.warn(this.tally)
    return {
      blocks: [{ table: this.#table.name, columns: this.writer.columnNames, format: 'Native', body, rows }],
      rows,
      ...this.tally.outcome(),
      redactions: this.redactor.counts,
    }
  }
}
