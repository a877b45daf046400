import { CardinalityGuard, type LimitedKey, type Redaction, type Sampling } from '@ballast/otlp'
import type { Cluster, Redis } from 'ioredis'
import { Admission } from './admission.ts'
import type { IngestConfig } from './config.ts'
import { type Counters, createCounters } from './counters.ts'
import type { DatabaseMonitor } from './database/database-monitor.ts'
import type { BlockStore } from './delivery/block-store.ts'
import { Deliverer, type DelivererOptions } from './delivery/deliverer.ts'
import { SegmentInserter, type SegmentInserterOptions } from './delivery/segment-inserter.ts'
import { DrainRate } from './fairness/drain-rate.ts'
import { FairQueue } from './fairness/fair-queue.ts'
import { IdempotencyKeys } from './idempotency/idempotency-keys.ts'
import { Journal } from './journal/journal.ts'
import type { JournalFiles } from './journal/journal-files.ts'
import { Ledger } from './ledger/ledger.ts'
import { ExportHandler, type RequestHandler } from './otlp-http/export-handler.ts'
import { Quotas } from './quotas/quotas.ts'
import { SharedQuotas } from './quotas/shared-quotas.ts'
import { Receipts } from './receipts/receipt.ts'
import { writeOwnEvents } from './self/own-events.ts'
import { RequestEvents } from './self/request-events.ts'
import { StressRelief, type StressReliefOptions } from './sampling/stress-relief.ts'
import type { Authenticate } from './tenants/authenticate.ts'
import type { TenantPolicies } from './tenants/tenant-policies.ts'

/** Sizes and times of the pipeline. */
export type PipelineConfig = Pick<
  IngestConfig,
  | 'maxBodyBytes' | 'maxQueuedBytes' | 'maxRecordAgeMs' | 'maxRecordAheadMs' | 'turnWindowBytes' | 'turnMaxWaitMs' | 'idempotencyWindowMs' | 'sampleKeepSlowMs' | 'stressMaxFactor' | 'requestEvents' | 'requestEventsTenant'
  | 'maxValueBytes' | 'maxLogBodyBytes' | 'maxAttributes' | 'cardinalityMode' | 'cardinalityMaxValues' | 'cardinalityWindowMs'
  | 'journalMaxBytes' | 'journalMaxAgeMs' | 'batchMaxRows' | 'batchMaxBytes' | 'batchMaxAgeMs' | 'insertConcurrency' | 'insertTimeoutMs'
>

export interface PipelineOptions {
  readonly config: PipelineConfig
  readonly files: JournalFiles
  readonly store: BlockStore
  readonly database: Pick<DatabaseMonitor, 'state' | 'report'>
  readonly authenticate: Authenticate
  readonly policies: TenantPolicies
  /** What replicas share; without it each is on its own. */
  readonly redis?: Redis | Cluster | undefined
  readonly redaction?: Redaction | undefined
  /** Called once in a window for each key that has too many values. */
  readonly onCardinalityLimit?: (key: LimitedKey) => void
  readonly onSetAside: DelivererOptions['onSetAside']
  readonly onViewRefused: SegmentInserterOptions['onViewRefused']
  readonly onStress: StressReliefOptions['onChange']
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

/** From a request to rows that ClickHouse has. */
export interface Pipeline {
  readonly handler: RequestHandler
  readonly counters: Counters
  readonly ledger: Ledger
  readonly receipts: Receipts
  readonly journal: Journal
  /** When the oldest segment of the journal was begun, milliseconds since 1970; now when it is empty. */
  oldestAtMs(this: void): number
  /** Sends what is in the journal, and stops. When `signal` aborts, the rest stays there for the next start. */
  drain(signal: AbortSignal): Promise<void>
}

/** Advice while the journal is full and ClickHouse takes nothing, seconds. */
const AWAY_RETRY_SECONDS = 5

/** Between two looks how full ingest is, milliseconds. */
const LOOK_MS = 500

/** Parts of the bounds at which stress relief begins and ends. */
const STRESS = { high: 0.7, low: 0.4 }

/** Wires the parts that a request passes: quota, admission, turn, journal, delivery. */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { config, files, store, database, authenticate, policies, redis, onSetAside, onViewRefused, onStress, now, random } = options
  const ledger = new Ledger()
  const admission = new Admission(config.maxQueuedBytes)
  const quotas = new Quotas({ limitsOf: (tenantId) => policies.of(tenantId), now })
  const shared = redis && new SharedQuotas({ quotas, redis, now })
  const stress = new StressRelief({ maxFactor: config.stressMaxFactor, ...STRESS, now, onChange: onStress })
  const journal = await Journal.open({
    files,
    maxBytes: config.journalMaxBytes,
    maxAgeMs: config.journalMaxAgeMs,
    segment: { maxRows: config.batchMaxRows, maxBytes: config.batchMaxBytes, maxAgeMs: config.batchMaxAgeMs },
    now,
    onSync: (seconds) => counters.synced(seconds),
  })
  const receipts = await Receipts.open(files)
  const oldestAtMs = (): number => now() - journal.oldestAgeMs
  const turns = new FairQueue({
    windowBytes: config.turnWindowBytes,
    maxWaitMs: config.turnMaxWaitMs,
    weightOf: (tenantId) => policies.of(tenantId).weight,
    now,
    onTurn: (seconds) => counters.waited(seconds),
  })
  const counters = createCounters({ requestBytes: () => admission.bytes, insertConcurrency: () => deliverer.concurrency, turns: () => turns.length, stress: () => stress.factor, journal, ledger, oldestAtMs, now })
  const stopping = new AbortController()
  const drained = new DrainRate(now)
  const inserter = new SegmentInserter({ store: measured(store, drained), counters, timeoutMs: config.insertTimeoutMs, now, signal: stopping.signal, onViewRefused })
  const deliverer = new Deliverer({ journal, inserter, database, counters, concurrency: config.insertConcurrency, random, onSetAside })
  const handler = new ExportHandler({
    authenticate,
    quotas,
    admission,
    turns,
    idempotency: new IdempotencyKeys({ windowMs: config.idempotencyWindowMs, redis, now }),
    counters,
    ledger,
    receipts,
    maxBodyBytes: config.maxBodyBytes,
    maxRecordAgeMs: config.maxRecordAgeMs,
    maxRecordAheadMs: config.maxRecordAheadMs,
    values: {
      redaction: options.redaction,
      limits: { maxValueBytes: config.maxValueBytes, maxBodyBytes: config.maxLogBodyBytes, maxAttributes: config.maxAttributes },
      cardinality: createGuard(options),
    },
    samplingOf: (tenantId) => samplingOf(policies.of(tenantId).sampleRate * stress.factor, config.sampleKeepSlowMs),
    journal,
    journalRetryAfterSeconds: (bytes) => drained.secondsFor(bytes, AWAY_RETRY_SECONDS),
    now,
  })
  const look = setInterval(() => stress.observe(Math.max(admission.bytes / config.maxQueuedBytes, journal.bytes / config.journalMaxBytes)), LOOK_MS).unref()
  shared?.start()
  const own = { tenantId: config.requestEventsTenant, journal, ledger, now }
  const observed = config.requestEvents === 0 ? undefined : new RequestEvents({ handler, perSecond: config.requestEvents, write: (events) => writeOwnEvents(own, events), now, random })
  deliverer.start()
  return {
    handler: observed ?? handler,
    counters,
    ledger,
    receipts,
    journal,
    oldestAtMs,
    async drain(signal) {
      clearInterval(look)
      await shared?.stop()
      await observed?.stop()
      signal.addEventListener('abort', () => stopping.abort(), { once: true })
      await deliverer.drain(signal)
      stopping.abort()
      await deliverer.stop()
      await journal.close()
    },
  }
}

/** Tells how fast a store takes bytes. */
function measured(store: BlockStore, drained: DrainRate): BlockStore {
  return {
    async insertBlock(batch) {
      await store.insertBlock(batch)
      drained.done(batch.body.reduce((sum, part) => sum + part.length, 0))
    },
  }
}

function samplingOf(rate: number, keepSlowMs: number): Sampling | undefined {
  return rate <= 1 ? undefined : { rate, keepSlowNanos: keepSlowMs * 1e6 }
}

function createGuard({ config, onCardinalityLimit }: PipelineOptions): CardinalityGuard | undefined {
  const { cardinalityMode: mode, cardinalityMaxValues: maxValues, cardinalityWindowMs: windowMs } = config
  return mode === 'off' ? undefined : new CardinalityGuard({ mode, maxValues, windowMs, ...(onCardinalityLimit && { onLimit: onCardinalityLimit }) })
}
