import { bytesField, fixed32Field, fixed64Field, varintField } from '../protobuf-fields.ts'
import { mustAnswer, mustBeStored, partialSuccess, post } from './http-client.ts'
import { insideOf, must, mustEqual, type Point, PointFailed, type StoredRow, type Target } from './point.ts'
import { envelope, keyValue, newSpanId, newTraceId, nowNanos, protobufLog, protobufSpan, service, type SpanParts } from './samples.ts'

const PROTO = 'https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/opentelemetry/proto'
const point = (id: number, title: string, file: string, check: Point['check']): Point => ({ id, group: 'protobuf', title, spec: file === '' ? 'https://protobuf.dev/programming-guides/encoding/' : `${PROTO}/${file}`, check })

const TRACE = 'trace/v1/trace.proto'
const LOGS = 'logs/v1/logs.proto'

async function storedSpan(target: Target, parts: Omit<SpanParts, 'traceId'>): Promise<StoredRow> {
  const traceId = newTraceId()
  mustAnswer('the request', await post(target, 'protobuf', envelope([protobufSpan({ traceId, ...parts })])), 200)
  const rows = await insideOf(target, 'it was accepted, but what was stored?').spans(traceId)
  must(rows.length === 1, `expected one stored span, got ${rows.length}`)
  return rows[0]!
}

async function storedLogs(target: Target, ...records: Buffer[]): Promise<readonly StoredRow[]> {
  const name = `conformance-${newSpanId()}`
  mustAnswer('the request', await post(target, 'protobuf', envelope(records, service(name)), { path: '/v1/logs' }), 200)
  return insideOf(target, 'it was accepted, but what was stored?').logs(name)
}

/** Points 33 to 41: protobuf, and what the fields mean. */
export const protobufPoints: readonly Point[] = [
  point(33, 'unknown fields are skipped, the last of a repeated singular field wins, split messages merge', '', async (target) => {
    const unknown = Buffer.concat([varintField(900, 7), fixed64Field(901, 7n), bytesField(902, 'x'), fixed32Field(19, 7)])
    const status = [bytesField(15, bytesField(2, 'merged')), bytesField(15, varintField(3, 2))]
    const row = await storedSpan(target, { more: [unknown, bytesField(5, 'last'), ...status] })
    mustEqual('name and status', [row['SpanName'], row['StatusCode'], row['StatusMessage']], ['last', 'Error', 'merged'])
  }),
  point(34, 'broken framing is 400, at once', '', async (target) => {
    const broken = { 'a varint of eleven bytes': 'ffffffffffffffffffffff01', 'a length beyond the end': '0a7f', 'field number 0': '0200', 'a cut-off fixed64': '0900000000' }
    for (const [what, hex] of Object.entries(broken)) mustAnswer(what, await post(target, 'protobuf', Buffer.from(hex, 'hex')), 400)
  }),
  point(35, 'a span without a usable id is rejected alone; a log record is stored without it', TRACE, async (target) => {
    const answer = await post(target, 'protobuf', envelope([protobufSpan(), protobufSpan({ traceId: 'abcd' })]))
    mustAnswer('a span with an id of two bytes', answer, 200)
    const rejected = Number(partialSuccess(answer)?.rejected ?? 0)
    must(rejected <= 1, `one span is wrong, ${rejected} were rejected`)
    const rows = await storedLogs(target, protobufLog(bytesField(9, Buffer.from('abcd', 'hex'))))
    mustEqual('rejected spans', rejected, 1)
    mustEqual('trace ids of logs', rows.map((row) => row['TraceId']), [''])
  }),
  point(36, 'the low eight bits of the flags are those of W3C', LOGS, async (target) => {
    const rows = await storedLogs(target, protobufLog(fixed32Field(8, 0x301)))
    mustEqual('flags', rows.map((row) => row['TraceFlags']), [1])
  }),
  point(37, 'a log record has its own time, else when it was observed, else when it came; and an event name', LOGS, async (target) => {
    const [time, observed] = [BigInt(nowNanos()) - 3_000_000_000n, BigInt(nowNanos()) - 2_000_000_000n]
    const before = BigInt(nowNanos())
    const rows = await storedLogs(
      target,
      Buffer.concat([fixed64Field(1, time), fixed64Field(11, observed), bytesField(12, 'own')]),
      Buffer.concat([fixed64Field(11, observed), bytesField(12, 'observed')]),
      bytesField(12, 'received'),
    )
    const times = new Map(rows.map((row) => [row['EventName'], BigInt(String(row['nanos']))]))
    mustEqual('times', [String(times.get('own')), String(times.get('observed'))], [String(time), String(observed)])
    must((times.get('received') ?? 0n) >= before, 'a record without a time must have the time when it came')
  }),
  point(38, 'a span that ends before it starts lasts 0', TRACE, async (target) => {
    const startNanos = BigInt(nowNanos())
    const row = await storedSpan(target, { startNanos, endNanos: startNanos - 5n })
    mustEqual('duration', String(row['Duration']), '0')
  }),
  point(39, 'references into a string table that is not there are not fatal', 'common/v1/common.proto', async (target) => {
    const attribute = Buffer.concat([varintField(3, 5), bytesField(2, varintField(8, 5))])
    const row = await storedSpan(target, { more: [bytesField(9, attribute), bytesField(9, keyValue('kept', bytesField(1, 'yes')))] })
    mustEqual('the other attribute', (row['SpanAttributes'] as Record<string, string>)['kept'], 'yes')
  }),
  point(40, 'attribute values may be arrays, maps and bytes', 'common/v1/common.proto', async (target) => {
    const text = bytesField(1, 'x')
    const map = bytesField(6, Buffer.concat([bytesField(1, keyValue('b', varintField(3, 2))), bytesField(1, keyValue('a', text))]))
    const row = await storedSpan(target, {
      more: [keyValue('array', bytesField(5, Buffer.concat([bytesField(1, text), bytesField(1, varintField(3, 1))]))), keyValue('bytes', bytesField(7, Buffer.from([1, 2, 3]))), keyValue('map', map)].map((attribute) => bytesField(9, attribute)),
    })
    mustEqual('attributes', row['SpanAttributes'], { array: '["x",1]', bytes: 'AQID', map: '{"a":"x","b":2}' })
  }),
  point(41, 'logs sent to the traces are not taken for spans', 'collector/logs/v1/logs_service.proto', async (target) => {
    const answer = await post(target, 'protobuf', envelope([protobufLog(), protobufLog()]))
    if (answer.status === 200 && Number(partialSuccess(answer)?.rejected ?? 0) === 2) return
    if (answer.status === 200) throw new PointFailed('two log records were taken as spans')
    mustAnswer('logs sent to the traces', answer, 400)
    mustBeStored('the same to the logs', await post(target, 'protobuf', envelope([protobufLog(), protobufLog()]), { path: '/v1/logs' }))
  }),
]
