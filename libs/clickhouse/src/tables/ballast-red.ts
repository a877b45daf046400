import type { MaterializedViewDefinition } from '../schema/table.ts'
import { otelTraces } from './otel-traces.ts'
import { extreme, label, rollUp, summed } from './roll-up.ts'

/**
 * Buckets of durations in one doubling: 8 makes each 9 % wide, so a quantile is right to about 4.5 %. Bucket `b` holds durations from
 * `2^(b/8)` to `2^((b+1)/8)` nanoseconds, as OpenTelemetry's exponential histogram at scale 3 has them.
 */
export const DURATION_BUCKETS_PER_DOUBLING = 8

/** Rate, errors and duration of spans. Every count is weighted with `SampleRate`. */
export const ballastRed = rollUp({
  name: 'ballast_red',
  keys: [label('SpanKind'), label('ServiceName'), label('SpanName'), label('Environment'), label('Version'), label('Peer')],
  measures: [
    summed('Spans'),
    summed('Errors'),
    summed('DurationSum'),
    extreme('max', 'DurationMax', 'UInt64'),
    // Most of what a query of durations does is to unpack them: LZ4 does it three times as fast, in three times the bytes.
    { name: 'Durations', type: 'SimpleAggregateFunction(sumMap, Map(UInt16, UInt64))', codec: 'LZ4' },
  ],
  keysBeforeTime: 2,
  shardingKey: 'cityHash64(ServiceName, SpanName)',
})

/** Whom a client or producer span calls: the service it names, else the database or the queue, else the host and port. */
const PEER = [
  `multiIf(SpanKind NOT IN ('Client', 'Producer'), '',`,
  `SpanAttributes['peer.service'] != '', SpanAttributes['peer.service'],`,
  `SpanAttributes['db.system.name'] != '', SpanAttributes['db.system.name'],`,
  `SpanAttributes['messaging.destination.name'] != '', SpanAttributes['messaging.destination.name'],`,
  `concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port']))`,
].join(' ')

const KEYS = 'TenantId, SpanKind, ServiceName, SpanName, Environment, Version, Peer, Time'

/** Fills the minutes of {@link ballastRed} from every block of spans. */
export const ballastRedView: MaterializedViewDefinition = {
  name: 'ballast_red_minute_mv',
  source: otelTraces,
  target: ballastRed.minute,
  select: [
    // Counted by bucket first: a map for each row costs more than a second grouping of far fewer rows.
    `SELECT ${KEYS}, sum(BucketSpans) AS Spans, sum(BucketErrors) AS Errors, sum(BucketDuration) AS DurationSum, max(BucketMax) AS DurationMax,`,
    'mapFromArrays(groupArray(Bucket), groupArray(BucketSpans)) AS Durations',
    `FROM (SELECT TenantId, ServiceName, SpanKind, SpanName, ResourceAttributes['deployment.environment.name'] AS Environment, ResourceAttributes['service.version'] AS Version, ${PEER} AS Peer,`,
    `toStartOfMinute(Timestamp) AS Time, toUInt16(floor(log2(greatest(Duration, 1)) * ${DURATION_BUCKETS_PER_DOUBLING})) AS Bucket,`,
    `sum(SampleRate) AS BucketSpans, sumIf(SampleRate, StatusCode = 'Error') AS BucketErrors, sum(Duration * SampleRate) AS BucketDuration, max(Duration) AS BucketMax`,
    `FROM {source} GROUP BY ${KEYS}, Bucket)`,
    `GROUP BY ${KEYS}`,
  ].join('\n'),
  since: 2,
}
