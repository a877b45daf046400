import { metrics } from '@opentelemetry/api'
import type { Engine } from './engine/engine.ts'
import type { ClickHouseException } from './errors.ts'
import type { Spool } from './insert/spool.ts'

/** Counts what the server does. */
export interface QueryMetrics {
  /** One answered request. `error` is the exception's name, `none` on success, `CLIENT_GONE` when the client left. */
  answered(kind: string, error: string, seconds: number): void
  rowsWritten(rows: number): void
  bytesReceived(bytes: number): void
}

/** Makes the instruments, with gauges that read the engine and the spool. */
export function queryMetrics(engine: Engine, spool: Spool): QueryMetrics {
  const meter = metrics.getMeter('@ballast/clickhouse-embedded')
  const duration = meter.createHistogram('clickhouse_embedded.query.duration', {
    unit: 's',
    description: 'Time from a request to the end of its answer',
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60] },
  })
  const rows = meter.createCounter('clickhouse_embedded.rows_written', { description: 'Rows written, those of materialized views included' })
  const received = meter.createCounter('clickhouse_embedded.received', { unit: 'By', description: 'Request bodies, after inflating' })
  meter.createObservableGauge('clickhouse_embedded.queries.running', { description: 'Queries that run' }).addCallback((result) => result.observe(engine.running))
  meter.createObservableGauge('clickhouse_embedded.queries.waiting', { description: 'Queries that wait for a turn' }).addCallback((result) => result.observe(engine.waiting))
  meter.createObservableGauge('clickhouse_embedded.spool', { unit: 'By', description: 'Disk used by requests in progress' }).addCallback((result) => result.observe(spool.bytes))
  return {
    answered: (kind, error, seconds) => duration.record(seconds, { kind, error }),
    rowsWritten: (count) => rows.add(count),
    bytesReceived: (bytes) => received.add(bytes),
  }
}

/** The label of an exception: its name, or `other` for one that is not an identifier. */
export function errorLabel(exception: ClickHouseException): string {
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(exception.code) ? exception.code : 'other'
}
