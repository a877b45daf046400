import { type Attributes, metrics, type ObservableResult } from '@opentelemetry/api'
import type { PlannedBlock } from './delivery/insert-plan.ts'
import type { Account, Journalled, Ledger } from './ledger/ledger.ts'
import { agesOf } from './ledger/lag.ts'
import type { Signal } from './otlp-http/signal.ts'

/** What ingest counts, beside the records in its {@link Ledger}. */
export interface Counters {
  /** A request was answered, with an HTTP status or a gRPC status code. */
  request(protocol: 'http' | 'grpc', signal: Signal | 'unknown', status: number): void
  /** ClickHouse has the rows. */
  stored(block: PlannedBlock): void
  /** ClickHouse refuses the rows for good. */
  rejected(record: Journalled, reason: string, records: number): void
  /** Records with an oddity that were stored all the same. */
  warned(signal: Signal, kind: string, records: number): void
  /** A rule of redaction hit. */
  redacted(signal: Signal, rule: string, hits: number): void
  /** Rejected records that did not reach the quarantine table. */
  quarantineLost(records: number): void
  /** A materialized view of a table refused the rows of an insert, and is without them. */
  viewRefused(table: string): void
  /** Records that a process before this one had accepted, read from the journal. */
  replayed(record: Journalled, records: number): void
  /** A segment of the journal was damaged, or refused for good; its file is kept. */
  setAside(): void
  /** The journal waited for the disk. */
  synced(seconds: number): void
  /** A request waited for its turn. */
  waited(seconds: number): void
  inserted(table: string, rows: number, seconds: number, outcome: 'stored' | 'failed'): void
}

/** What is so now. */
export interface Waiting {
  /** Bytes of requests that are not answered. */
  readonly requestBytes: () => number
  /** Segments that may be sent at once. */
  readonly insertConcurrency: () => number
  /** Requests that wait for their turn. */
  readonly turns: () => number
  /** Factor by which sampling is coarser. */
  readonly stress: () => number
  /** What is accepted and not stored. `oldestPunctualAgeMs` is 0 when there is nothing. */
  readonly journal: { readonly bytes: number; readonly maxBytes: number; readonly segments: number; readonly oldestPunctualAgeMs: number }
  readonly ledger: Ledger
  /** When the oldest segment of the journal was begun; now when it is empty. */
  readonly oldestAtMs: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Makes the counters; call after the meter provider is registered. */
export function createCounters(waiting: Waiting): Counters {
  const meter = metrics.getMeter('@ballast/ingest')
  // Counted here: a counter of OpenTelemetry makes a text of the attributes each time, which is a tenth of what a refusal costs.
  const requests = new Map<string, { readonly attributes: Attributes; count: number }>()
  const warned = meter.createCounter('ballast_ingest_records_warned', { description: 'Stored records with an oddity, by kind.' })
  const redactions = meter.createCounter('ballast_ingest_redactions', { description: 'Hits of the rules of redaction.' })
  const lost = meter.createCounter('ballast_ingest_quarantine_lost', { description: 'Rejected records that did not reach the quarantine table.' })
  const viewRefused = meter.createCounter('ballast_ingest_views_refused', { description: 'Inserts whose rows a materialized view refused: the table has them, the view has not.' })
  const rows = meter.createHistogram('ballast_ingest_batch_rows', {
    description: 'Rows of one insert.',
    advice: { explicitBucketBoundaries: [1, 10, 100, 1000, 5000, 10_000, 20_000, 50_000, 100_000] },
  })
  const duration = meter.createHistogram('ballast_ingest_insert_duration_seconds', {
    description: 'Time of one insert, seconds.',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  })
  const setAside = meter.createCounter('ballast_ingest_journal_set_aside', { description: 'Segments of the journal that were damaged or refused for good, and set aside.' })
  const sync = meter.createHistogram('ballast_ingest_journal_fsync_seconds', {
    description: 'Time of one write to the disk of the journal, seconds.',
    advice: { explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] },
  })
  const turn = meter.createHistogram('ballast_ingest_turn_wait_seconds', {
    description: 'Time that a request waited for its turn beside those of other tenants, seconds.',
    advice: { explicitBucketBoundaries: [0, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] },
  })
  const lag = meter.createHistogram('ballast_ingest_lag_seconds', {
    description: 'Age of records when ClickHouse has them, from their own time, seconds; of a few records of each request.',
    advice: { explicitBucketBoundaries: [0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 30, 60, 300, 3600] },
  })
  const observe = (instrument: { addCallback(callback: (result: ObservableResult) => void): void }, callback: (result: ObservableResult) => void): void => instrument.addCallback(callback)
  const { ledger, journal, oldestAtMs } = waiting
  const ofAccounts = (value: (account: Account) => number) => (result: ObservableResult): void => {
    for (const account of ledger.accounts()) result.observe(value(account), labels(account))
  }
  const byReason = (reasons: (account: Account) => ReadonlyMap<string, number>) => (result: ObservableResult): void => {
    for (const account of ledger.accounts()) for (const [reason, records] of reasons(account)) result.observe(records, labels(account, { reason }))
  }
  observe(meter.createObservableCounter('ballast_ingest_requests', { description: 'Requests by signal, protocol and status code.' }), (result) => {
    for (const { count, attributes } of requests.values()) result.observe(count, attributes)
  })
  observe(meter.createObservableCounter('ballast_ingest_request_bytes', { description: 'Inflated bytes of requests that were read.' }), ofAccounts((account) => account.bytes))
  observe(meter.createObservableCounter('ballast_ingest_records_received', { description: 'Records of requests that could be read.' }), ofAccounts((account) => account.received))
  observe(meter.createObservableCounter('ballast_ingest_records_replayed', { description: 'Records accepted before the start, read from the journal.' }), ofAccounts((account) => account.replayed))
  observe(meter.createObservableCounter('ballast_ingest_records_stored', { description: 'Records that ClickHouse has.' }), ofAccounts((account) => account.stored))
  observe(meter.createObservableCounter('ballast_ingest_records_sampled', { description: 'Records left out by sampling; others stand for them.' }), ofAccounts((account) => account.sampled))
  observe(meter.createObservableCounter('ballast_ingest_records_rejected', { description: 'Records that can never be stored, by reason.' }), byReason((account) => account.rejected))
  observe(meter.createObservableCounter('ballast_ingest_records_refused', { description: 'Records to be sent again, by reason.' }), byReason((account) => account.refused))
  observe(meter.createObservableCounter('ballast_ingest_records_deduplicated', { description: 'Records of repeats that were stored before.' }), ofAccounts((account) => account.deduplicated))
  observe(meter.createObservableCounter('ballast_ingest_requests_turned_away', { description: 'Requests to be sent again, by the code of the answer.' }), (result) => {
    for (const account of ledger.accounts()) for (const [code, count] of account.turnedAway) result.observe(count, labels(account, { code }))
  })
  observe(meter.createObservableGauge('ballast_ingest_journal_records', { description: 'Records in the journal.' }), ofAccounts((account) => account.journal.inJournal(oldestAtMs())))
  observe(meter.createObservableGauge('ballast_ingest_ledger_difference', { description: 'Records that were accepted and are neither stored nor rejected nor in the journal; below zero when more came out than went in.' }), ofAccounts((account) => account.journal.difference(oldestAtMs())))
  observe(meter.createObservableGauge('ballast_ingest_queued_bytes', { description: 'Bytes of requests that are being read or written to the journal.' }), (result) => result.observe(waiting.requestBytes()))
  observe(meter.createObservableGauge('ballast_ingest_queued_turns', { description: 'Requests that wait for their turn.' }), (result) => result.observe(waiting.turns()))
  observe(meter.createObservableGauge('ballast_ingest_stress_factor', { description: 'Factor by which sampling is coarser because there is too much to do; 1 when there is not.' }), (result) => result.observe(waiting.stress()))
  observe(meter.createObservableGauge('ballast_ingest_insert_concurrency', { description: 'Segments that may be sent to ClickHouse at once; fewer while it is overloaded.' }), (result) => result.observe(waiting.insertConcurrency()))
  observe(meter.createObservableGauge('ballast_ingest_journal_bytes', { description: 'Bytes of the journal that are not stored.' }), (result) => result.observe(journal.bytes))
  observe(meter.createObservableGauge('ballast_ingest_journal_limit_bytes', { description: 'Bytes of the journal above which requests are refused.' }), (result) => result.observe(journal.maxBytes))
  observe(meter.createObservableGauge('ballast_ingest_journal_segments', { description: 'Segments of the journal that are not stored.' }), (result) => result.observe(journal.segments))
  observe(meter.createObservableGauge('ballast_ingest_queue_age_seconds', { description: 'Age of the oldest segment of the journal that is not stored, without those of late days, seconds.' }), (result) => result.observe(journal.oldestPunctualAgeMs / 1000))
  return {
    request(protocol, signal, code) {
      const key = `${protocol} ${signal} ${code}`
      const known = requests.get(key)
      if (known === undefined) requests.set(key, { attributes: { signal, code, protocol }, count: 1 })
      else known.count++
    },
    stored(block) {
      ledger.stored(block.record, block.rows)
      for (const age of agesOf(block, waiting.now())) lag.record(age, { signal: block.record.signal })
    },
    rejected: (record, reason, records) => ledger.rejectedByDatabase(record, reason, records),
    warned: (signal, kind, records) => warned.add(records, { signal, kind }),
    redacted: (signal, rule, hits) => redactions.add(hits, { signal, rule }),
    quarantineLost: (records) => lost.add(records),
    viewRefused: (table) => viewRefused.add(1, { table }),
    replayed: (record, records) => ledger.replayed(record, records),
    setAside: () => setAside.add(1),
    synced: (seconds) => sync.record(seconds),
    waited: (seconds) => turn.record(seconds),
    inserted(table, count, seconds, outcome) {
      rows.record(count, { table })
      duration.record(seconds, { table, outcome })
    },
  }
}

function labels({ tenantId, signal }: Account, more: Attributes = {}): Attributes {
  return { signal, ...more, tenant: tenantId }
}
