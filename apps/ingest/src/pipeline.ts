import { CardinalityGuard, type LimitedKey, type Redaction } from '@ballast/otlp'
import { Admission } from './admission.ts'
import type { IngestConfig } from './config.ts'
import { type Counters, createCounters } from './counters.ts'
import type { DatabaseMonitor } from './database/database-monitor.ts'
import type { BlockStore } from './delivery/block-store.ts'
import { Deliverer, type DelivererOptions } from './delivery/deliverer.ts'
import { SegmentInserter } from './delivery/segment-inserter.ts'
import { Journal } from './journal/journal.ts'
import type { JournalFiles } from './journal/journal-files.ts'
import type { TenantOf } from './keys.ts'
import { ExportHandler } from './otlp-http/export-handler.ts'

/** Sizes and times of the pipeline. */
export type PipelineConfig = Pick<
  IngestConfig,
  | 'maxBodyBytes' | 'maxQueuedBytes' | 'maxRecordAgeMs' | 'maxRecordAheadMs'
  | 'maxValueBytes' | 'maxLogBodyBytes' | 'maxAttributes' | 'cardinalityMode' | 'cardinalityMaxValues' | 'cardinalityWindowMs'
  | 'journalMaxBytes' | 'journalMaxAgeMs' | 'batchMaxRows' | 'batchMaxBytes' | 'batchMaxAgeMs' | 'insertConcurrency' | 'insertTimeoutMs'
>

export interface PipelineOptions {
  readonly config: PipelineConfig
  readonly files: JournalFiles
  readonly store: BlockStore
  readonly database: Pick<DatabaseMonitor, 'state' | 'report'>
  readonly tenantOf: TenantOf
  readonly redaction?: Redaction | undefined
  /** Called once in a window for each key that has too many values. */
  readonly onCardinalityLimit?: (key: LimitedKey) => void
  readonly onSetAside: DelivererOptions['onSetAside']
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

/** From a request to rows that ClickHouse has. */
export interface Pipeline {
  readonly handler: ExportHandler
  readonly counters: Counters
  readonly journal: Journal
  /** Sends what is in the journal, and stops. When `signal` aborts, the rest stays there for the next start. */
  drain(signal: AbortSignal): Promise<void>
}

/** Wires the parts that a request passes: admission, journal, delivery. */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { config, files, store, database, tenantOf, onSetAside, now, random } = options
  const admission = new Admission(config.maxQueuedBytes)
  const journal = await Journal.open({
    files,
    maxBytes: config.journalMaxBytes,
    maxAgeMs: config.journalMaxAgeMs,
    segment: { maxRows: config.batchMaxRows, maxBytes: config.batchMaxBytes, maxAgeMs: config.batchMaxAgeMs },
    now,
    onSync: (seconds) => counters.synced(seconds),
  })
  const counters = createCounters({ requestBytes: () => admission.bytes, insertConcurrency: () => deliverer.concurrency, journal })
  const stopping = new AbortController()
  const inserter = new SegmentInserter({ store, counters, timeoutMs: config.insertTimeoutMs, now, signal: stopping.signal })
  const deliverer = new Deliverer({ journal, inserter, database, counters, concurrency: config.insertConcurrency, random, onSetAside })
  const handler = new ExportHandler({
    tenantOf,
    admission,
    counters,
    maxBodyBytes: config.maxBodyBytes,
    maxRecordAgeMs: config.maxRecordAgeMs,
    maxRecordAheadMs: config.maxRecordAheadMs,
    values: {
      redaction: options.redaction,
      limits: { maxValueBytes: config.maxValueBytes, maxBodyBytes: config.maxLogBodyBytes, maxAttributes: config.maxAttributes },
      cardinality: createGuard(options),
    },
    journal,
    now,
  })
  deliverer.start()
  return {
    handler,
    counters,
    journal,
    async drain(signal) {
      signal.addEventListener('abort', () => stopping.abort(), { once: true })
      await deliverer.drain(signal)
      stopping.abort()
      await deliverer.stop()
      await journal.close()
    },
  }
}

function createGuard({ config, onCardinalityLimit }: PipelineOptions): CardinalityGuard | undefined {
  const { cardinalityMode: mode, cardinalityMaxValues: maxValues, cardinalityWindowMs: windowMs } = config
  return mode === 'off' ? undefined : new CardinalityGuard({ mode, maxValues, windowMs, ...(onCardinalityLimit && { onLimit: onCardinalityLimit }) })
}
