import { metrics } from '@opentelemetry/api'
import type { Signal } from './otlp-http/signal.ts'

/**
 * What ingest counts. For every signal, once every request is answered:
 * received = stored + rejected + refused + deduplicated.
 */
export interface Counters {
  /** A request was answered. */
  request(signal: Signal | 'unknown', status: number): void
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
  /** Rejected records that did not reach the quarantine table. */
  quarantineLost(records: number): void
  inserted(table: string, rows: number, seconds: number, outcome: 'stored' | 'failed'): void
}

/** What waits for ClickHouse now. */
export interface Waiting {
  /** Bytes of requests. */
  readonly bytes: () => number
  /** Age of the oldest batch, milliseconds; 0 without one. */
  readonly oldestAgeMs: () => number
}

/** Makes the counters; call after the meter provider is registered. */
export function createCounters(waiting: Waiting): Counters {
  const meter = metrics.getMeter('@ballast/ingest')
  const requests = meter.createCounter('ballast_ingest_requests', { description: 'Requests by signal and status code.' })
  const received = meter.createCounter('ballast_ingest_records_received', { description: 'Records of requests that could be read.' })
  const stored = meter.createCounter('ballast_ingest_records_stored', { description: 'Records that ClickHouse has.' })
  const rejected = meter.createCounter('ballast_ingest_records_rejected', { description: 'Records that can never be stored, by reason.' })
  const refused = meter.createCounter('ballast_ingest_records_refused', { description: 'Records to be sent again, by reason.' })
  const deduplicated = meter.createCounter('ballast_ingest_records_deduplicated', { description: 'Records of repeats that were stored before.' })
  const warned = meter.createCounter('ballast_ingest_records_warned', { description: 'Stored records with an oddity, by kind.' })
  const lost = meter.createCounter('ballast_ingest_quarantine_lost', { description: 'Rejected records that did not reach the quarantine table.' })
  const rows = meter.createHistogram('ballast_ingest_batch_rows', {
    description: 'Rows of one insert.',
    advice: { explicitBucketBoundaries: [1, 10, 100, 1000, 5000, 10_000, 20_000, 50_000] },
  })
  const duration = meter.createHistogram('ballast_ingest_insert_duration_seconds', {
    description: 'Time of one insert, seconds.',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  })
  meter
    .createObservableGauge('ballast_ingest_queued_bytes', { description: 'Bytes of requests that wait for ClickHouse.' })
    .addCallback((result) => result.observe(waiting.bytes()))
  meter
    .createObservableGauge('ballast_ingest_queue_age_seconds', { description: 'Age of the oldest batch that waits for ClickHouse, seconds.' })
    .addCallback((result) => result.observe(waiting.oldestAgeMs() / 1000))
  return {
    request: (signal, status) => requests.add(1, { signal, code: status }),
    received: (signal, records) => received.add(records, { signal }),
    stored: (signal, records) => stored.add(records, { signal }),
    rejected: (signal, reason, records) => rejected.add(records, { signal, reason }),
    refused: (signal, reason, records) => refused.add(records, { signal, reason }),
    deduplicated: (signal, records) => deduplicated.add(records, { signal }),
    warned: (signal, kind, records) => warned.add(records, { signal, kind }),
    quarantineLost: (records) => lost.add(records),
    inserted(table, count, seconds, outcome) {
      rows.record(count, { table })
      duration.record(seconds, { table, outcome })
    },
  }
}
