import { metrics, type ObservableGauge } from '@opentelemetry/api'
import type { Signal } from './otlp-http/signal.ts'

/**
 * What ingest counts. For every signal, once every request is answered:
 * received + replayed = stored + rejected + refused + deduplicated + what is in the journal.
 */
export interface Counters {
  /** A request was answered, with an HTTP status or a gRPC status code. */
  request(protocol: 'http' | 'grpc', signal: Signal | 'unknown', status: number): void
  /** Records of a request that could be read. */
  received(signal: Signal, records: number): void
  /** Records that ClickHouse has. */
  stored(signal: Signal, records: number): void
  /** Records that can never be stored; the sender was told. */
  rejected(signal: Signal, reason: string, records: number): void
  /** Records that were not stored now; the sender was told to send them again. */
  refused(signal: Signal, reason: string, records: number): void
  /** Records of a repeat that were stored when the request came before. */
  deduplicated(signal: Signal, records: number): void
  /** Records with an oddity that were stored all the same. */
  warned(signal: Signal, kind: string, records: number): void
  /** A rule of redaction hit. */
  redacted(signal: Signal, rule: string, hits: number): void
  /** Rejected records that did not reach the quarantine table. */
  quarantineLost(records: number): void
  /** Records that a process before this one had accepted, read from the journal. */
  replayed(signal: Signal, records: number): void
  /** A segment of the journal was damaged, or refused for good; its file is kept. */
  setAside(): void
  /** The journal waited for the disk. */
  synced(seconds: number): void
  inserted(table: string, rows: number, seconds: number, outcome: 'stored' | 'failed'): void
}

/** What waits now. */
export interface Waiting {
  /** Bytes of requests that are not answered. */
  readonly requestBytes: () => number
  /** Segments that may be sent at once. */
  readonly insertConcurrency: () => number
  /** What is accepted and not stored. `oldestAgeMs` is 0 when there is nothing. */
  readonly journal: { readonly bytes: number; readonly maxBytes: number; readonly segments: number; readonly oldestAgeMs: number }
}

/** Makes the counters; call after the meter provider is registered. */
export function createCounters(waiting: Waiting): Counters {
  const meter = metrics.getMeter('@ballast/ingest')
  const requests = meter.createCounter('ballast_ingest_requests', { description: 'Requests by signal, protocol and status code.' })
  const received = meter.createCounter('ballast_ingest_records_received', { description: 'Records of requests that could be read.' })
  const stored = meter.createCounter('ballast_ingest_records_stored', { description: 'Records that ClickHouse has.' })
  const rejected = meter.createCounter('ballast_ingest_records_rejected', { description: 'Records that can never be stored, by reason.' })
  const refused = meter.createCounter('ballast_ingest_records_refused', { description: 'Records to be sent again, by reason.' })
  const deduplicated = meter.createCounter('ballast_ingest_records_deduplicated', { description: 'Records of repeats that were stored before.' })
  const warned = meter.createCounter('ballast_ingest_records_warned', { description: 'Stored records with an oddity, by kind.' })
  const redactions = meter.createCounter('ballast_ingest_redactions', { description: 'Hits of the rules of redaction.' })
  const lost = meter.createCounter('ballast_ingest_quarantine_lost', { description: 'Rejected records that did not reach the quarantine table.' })
  const rows = meter.createHistogram('ballast_ingest_batch_rows', {
    description: 'Rows of one insert.',
    advice: { explicitBucketBoundaries: [1, 10, 100, 1000, 5000, 10_000, 20_000, 50_000] },
  })
  const duration = meter.createHistogram('ballast_ingest_insert_duration_seconds', {
    description: 'Time of one insert, seconds.',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  })
  const replayed = meter.createCounter('ballast_ingest_records_replayed', { description: 'Records accepted before the start, read from the journal.' })
  const setAside = meter.createCounter('ballast_ingest_journal_set_aside', { description: 'Segments of the journal that were damaged or refused for good, and set aside.' })
  const sync = meter.createHistogram('ballast_ingest_journal_fsync_seconds', {
    description: 'Time of one fsync of the journal, seconds.',
    advice: { explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] },
  })
  const observe = (gauge: ObservableGauge, value: () => number): void => gauge.addCallback((result) => result.observe(value()))
  observe(meter.createObservableGauge('ballast_ingest_queued_bytes', { description: 'Bytes of requests that are being read or written to the journal.' }), waiting.requestBytes)
  observe(meter.createObservableGauge('ballast_ingest_insert_concurrency', { description: 'Segments that may be sent to ClickHouse at once; fewer while it is overloaded.' }), waiting.insertConcurrency)
  observe(meter.createObservableGauge('ballast_ingest_journal_bytes', { description: 'Bytes of the journal that are not stored.' }), () => waiting.journal.bytes)
  observe(meter.createObservableGauge('ballast_ingest_journal_limit_bytes', { description: 'Bytes of the journal above which requests are refused.' }), () => waiting.journal.maxBytes)
  observe(meter.createObservableGauge('ballast_ingest_journal_segments', { description: 'Segments of the journal that are not stored.' }), () => waiting.journal.segments)
  observe(meter.createObservableGauge('ballast_ingest_queue_age_seconds', { description: 'Age of the oldest segment of the journal that is not stored, seconds.' }), () => waiting.journal.oldestAgeMs / 1000)
  return {
    request: (protocol, signal, status) => requests.add(1, { signal, code: status, protocol }),
    received: (signal, records) => received.add(records, { signal }),
    stored: (signal, records) => stored.add(records, { signal }),
    rejected: (signal, reason, records) => rejected.add(records, { signal, reason }),
    refused: (signal, reason, records) => refused.add(records, { signal, reason }),
    deduplicated: (signal, records) => deduplicated.add(records, { signal }),
    warned: (signal, kind, records) => warned.add(records, { signal, kind }),
    redacted: (signal, rule, hits) => redactions.add(hits, { signal, rule }),
    quarantineLost: (records) => lost.add(records),
    replayed: (signal, records) => replayed.add(records, { signal }),
    setAside: () => setAside.add(1),
    synced: (seconds) => sync.record(seconds),
    inserted(table, count, seconds, outcome) {
      rows.record(count, { table })
      duration.record(seconds, { table, outcome })
    },
  }
}
