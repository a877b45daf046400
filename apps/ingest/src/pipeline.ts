import { Admission } from './admission.ts'
import { BatchWriter } from './batch/batch-writer.ts'
import { Batchers } from './batch/batchers.ts'
import type { BlockStore } from './batch/block-store.ts'
import type { IngestConfig } from './config.ts'
import { type Counters, createCounters } from './counters.ts'
import type { DatabaseMonitor } from './database/database-monitor.ts'
import type { TenantOf } from './keys.ts'
import { ExportHandler } from './otlp-http/export-handler.ts'

/** Sizes and times of the pipeline. */
export type PipelineConfig = Pick<
  IngestConfig,
  'maxBodyBytes' | 'maxQueuedBytes' | 'batchMaxRows' | 'batchMaxBytes' | 'batchMaxAgeMs' | 'insertConcurrency' | 'insertDeadlineMs'
>

export interface PipelineOptions {
  readonly config: PipelineConfig
  readonly store: BlockStore
  readonly database: Pick<DatabaseMonitor, 'state' | 'report'>
  readonly tenantOf: TenantOf
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

/** From a request to rows that ClickHouse has. */
export interface Pipeline {
  readonly handler: ExportHandler
  readonly counters: Counters
  /** From now on batches do not wait for company. */
  drain(): void
  /** Answers everybody who still waits: not stored. */
  abandon(): void
}

/** Wires the parts that a request passes: admission, batches, writer. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { config, store, database, tenantOf, now, random } = options
  const admission = new Admission(config.maxQueuedBytes)
  const counters = createCounters({ bytes: () => admission.bytes, oldestAgeMs: () => batches.oldestAgeMs })
  const stopping = new AbortController()
  const writer = new BatchWriter({
    store,
    counters,
    onAttempt(error, attempt) {
      // One failure may be a blip that the next attempt mends; from the second on, new requests need not wait for it.
      if (error === undefined || attempt > 1 || !error.retryable || error.code === 'OUT_OF_SPACE') database.report(error)
    },
    attemptTimeoutMs: config.insertDeadlineMs / 2,
    now,
    random,
    signal: stopping.signal,
  })
  const batches = new Batchers({
    maxRows: config.batchMaxRows,
    maxBytes: config.batchMaxBytes,
    maxAgeMs: config.batchMaxAgeMs,
    concurrency: config.insertConcurrency,
    deadlineMs: config.insertDeadlineMs,
    now,
    write: (blocks, deadline) => writer.write(blocks, deadline),
  })
  const handler = new ExportHandler({
    tenantOf,
    admission,
    counters,
    maxBodyBytes: config.maxBodyBytes,
    database: () => database.state,
    maxQueuedAgeMs: config.insertDeadlineMs / 2,
    batches,
    now,
  })
  return { handler, counters, drain: () => batches.drain(), abandon: () => stopping.abort() }
}
