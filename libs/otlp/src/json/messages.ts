import {
  BOOL, BYTES, DOUBLE, ELSEWHERE, ENUM, Field, FIXED32, FIXED64, ID, INT64, MESSAGE, MessageType, SFIXED64, SINT32, STRING, UINT32, UINT64,
} from './message-type.ts'

// The messages of opentelemetry-proto 1.11, as far as anything of them is stored; what is not listed is passed over.
// https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto

const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((name) => `SPAN_KIND_${name}`)
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'].map((name) => `STATUS_CODE_${name}`)
const SEVERITIES = ['UNSPECIFIED', ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((level) => ['', '2', '3', '4'].map((step) => `${level}${step}`))]
  .map((name) => `SEVERITY_NUMBER_${name}`)
const TEMPORALITIES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map((name) => `AGGREGATION_TEMPORALITY_${name}`)

// Each message has fields of its own: a field remembers which one follows it.
const text = (number: number, name: string): Field => new Field(name, number, STRING)
const scalar = (number: number, name: string, kind: number): Field => new Field(name, number, kind)
const scalars = (number: number, name: string, kind: number): Field => new Field(name, number, kind, { repeated: true })
const one = (number: number, name: string, type: MessageType): Field => new Field(name, number, MESSAGE, { type })
const many = (number: number, name: string, type: MessageType): Field => new Field(name, number, MESSAGE, { type, repeated: true })
const enumeration = (number: number, name: string, names: readonly string[]): Field => new Field(name, number, ENUM, { names })
const traceId = (number: number): Field => new Field('traceId', number, ID, { idBytes: 16 })
const spanId = (number: number): Field => new Field('spanId', number, ID, { idBytes: 8 })
const time = (number: number, name = 'timeUnixNano'): Field => new Field(name, number, FIXED64)

/** The value of an attribute that is an integer. */
export const intValue = scalar(3, 'intValue', INT64)
const anyValue = new MessageType({ deepens: true })
/** One attribute. */
export const keyValue = new MessageType().with(text(1, 'key'), one(2, 'value', anyValue))
const values = new MessageType().with(many(1, 'values', anyValue))
const keyValues = new MessageType().with(many(1, 'values', keyValue))
anyValue.with(
  text(1, 'stringValue'), scalar(2, 'boolValue', BOOL), intValue, scalar(4, 'doubleValue', DOUBLE),
  one(5, 'arrayValue', values), one(6, 'kvlistValue', keyValues), scalar(7, 'bytesValue', BYTES),
)
const attributes = (number: number, name = 'attributes'): Field => many(number, name, keyValue)

const resource = new MessageType({ wide: true }).with(attributes(1))
const scope = new MessageType({ wide: true }).with(text(1, 'name'), text(2, 'version'), attributes(3), scalar(4, 'droppedAttributesCount', UINT32))

const event = new MessageType({ wide: true }).with(time(1), text(2, 'name'), attributes(3))
const link = new MessageType({ wide: true }).with(traceId(1), spanId(2), text(3, 'traceState'), attributes(4))
const status = new MessageType().with(text(2, 'message'), enumeration(3, 'code', STATUS_CODES))
const span = new MessageType({ record: true }).with(
  new Field('traceId', 1, ID, { idBytes: 16, reason: 'invalid_trace_id', title: 'trace id' }),
  new Field('spanId', 2, ID, { idBytes: 8, reason: 'invalid_span_id', title: 'span id' }),
  text(3, 'traceState'),
  new Field('parentSpanId', 4, ID, { idBytes: 8, reason: 'invalid_parent_span_id', title: 'parent span id' }),
  text(5, 'name'), enumeration(6, 'kind', SPAN_KINDS), time(7, 'startTimeUnixNano'), time(8, 'endTimeUnixNano'), attributes(9),
  many(11, 'events', event), many(13, 'links', link), one(15, 'status', status),
)

const logRecord = new MessageType({ record: true }).with(
  time(1), enumeration(2, 'severityNumber', SEVERITIES), text(3, 'severityText'), one(5, 'body', anyValue), attributes(6),
  scalar(8, 'flags', FIXED32), traceId(9), spanId(10), time(11, 'observedTimeUnixNano'), text(12, 'eventName'),
)

const exemplar = new MessageType({ wide: true }).with(
  time(2), scalar(3, 'asDouble', DOUBLE), spanId(4), traceId(5), scalar(6, 'asInt', SFIXED64), attributes(7, 'filteredAttributes'),
)
const start = (): Field => time(2, 'startTimeUnixNano')
const numberPoint = new MessageType({ record: true }).with(
  start(), time(3), scalar(4, 'asDouble', DOUBLE), many(5, 'exemplars', exemplar), scalar(6, 'asInt', SFIXED64), attributes(7), scalar(8, 'flags', UINT32),
)
const histogramPoint = new MessageType({ record: true }).with(
  start(), time(3), scalar(4, 'count', FIXED64), scalar(5, 'sum', DOUBLE), scalars(6, 'bucketCounts', FIXED64), scalars(7, 'explicitBounds', DOUBLE),
  many(8, 'exemplars', exemplar), attributes(9), scalar(10, 'flags', UINT32), scalar(11, 'min', DOUBLE), scalar(12, 'max', DOUBLE),
)
const buckets = new MessageType({ wide: true }).with(scalar(1, 'offset', SINT32), scalars(2, 'bucketCounts', UINT64))
const exponentialPoint = new MessageType({ record: true }).with(
  attributes(1), start(), time(3), scalar(4, 'count', FIXED64), scalar(5, 'sum', DOUBLE), scalar(6, 'scale', SINT32), scalar(7, 'zeroCount', FIXED64),
  one(8, 'positive', buckets), one(9, 'negative', buckets), scalar(10, 'flags', UINT32), many(11, 'exemplars', exemplar),
  scalar(12, 'min', DOUBLE), scalar(13, 'max', DOUBLE), scalar(14, 'zeroThreshold', DOUBLE),
)
const quantile = new MessageType().with(scalar(1, 'quantile', DOUBLE), scalar(2, 'value', DOUBLE))
const summaryPoint = new MessageType({ record: true }).with(
  start(), time(3), scalar(4, 'count', FIXED64), scalar(5, 'sum', DOUBLE), many(6, 'quantileValues', quantile), attributes(7), scalar(8, 'flags', UINT32),
)
const temporality = (): Field => enumeration(2, 'aggregationTemporality', TEMPORALITIES)
const pointsOf = (point: MessageType, ...fields: readonly Field[]): MessageType => new MessageType({ wide: true }).with(many(1, 'dataPoints', point), ...fields)
const metric = new MessageType({ record: true }).with(
  text(1, 'name'), text(2, 'description'), text(3, 'unit'),
  one(5, 'gauge', pointsOf(numberPoint)),
  one(7, 'sum', pointsOf(numberPoint, temporality(), scalar(3, 'isMonotonic', BOOL))),
  one(9, 'histogram', pointsOf(histogramPoint, temporality())),
  one(10, 'exponentialHistogram', pointsOf(exponentialPoint, temporality())),
  one(11, 'summary', pointsOf(summaryPoint)),
)

/** The envelope is the same in every signal, but for its keys. */
function request(resources: string, scopes: string, records: string, record: MessageType, ...others: readonly Field[]): MessageType {
  const scoped = new MessageType({ wide: true }).with(one(1, 'scope', scope), many(2, records, record), text(3, 'schemaUrl'))
  const group = new MessageType({ wide: true }).with(one(1, 'resource', resource), many(2, scopes, scoped), text(3, 'schemaUrl'))
  return new MessageType().with(many(1, resources, group), ...others)
}

const sentTo = (endpoint: string, key: string): Field => new Field(key, 0, ELSEWHERE, { endpoint })
const toTraces = (): Field => sentTo('/v1/traces', 'resourceSpans')
const toLogs = (): Field => sentTo('/v1/logs', 'resourceLogs')
const toMetrics = (): Field => sentTo('/v1/metrics', 'resourceMetrics')

/** `ExportTraceServiceRequest` */
export const tracesRequest = request('resourceSpans', 'scopeSpans', 'spans', span, toLogs(), toMetrics())

/** `ExportLogsServiceRequest` */
export const logsRequest = request('resourceLogs', 'scopeLogs', 'logRecords', logRecord, toTraces(), toMetrics())

/** `ExportMetricsServiceRequest` */
export const metricsRequest = request('resourceMetrics', 'scopeMetrics', 'metrics', metric, toTraces(), toLogs())
