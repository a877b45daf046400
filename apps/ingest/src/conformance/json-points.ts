import { mustAnswer, mustBeStored, partialSuccess, post } from './http-client.ts'
import { insideOf, must, mustEqual, type Point, type StoredRow, type Target } from './point.ts'
import { attribute, jsonLogs, jsonSpan, jsonTraces, newSpanId, newTraceId } from './samples.ts'

const point = (id: number, title: string, check: Point['check']): Point => ({ id, group: 'JSON', title, spec: 'https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding', check })

/** Sends one span of a new trace, which must be accepted. @returns how it was stored. */
async function stored(target: Target, part: object): Promise<StoredRow> {
  const traceId = newTraceId()
  return storedAs(target, traceId, jsonTraces(jsonSpan({ traceId, ...part })))
}

async function storedAs(target: Target, traceId: string, body: string): Promise<StoredRow> {
  mustBeStored('the request', await post(target, 'json', body))
  const rows = await insideOf(target, 'it was accepted, but what was stored?').spans(traceId)
  must(rows.length === 1, `expected one stored span, got ${rows.length}`)
  return rows[0]!
}

/** Points 22 to 32: the JSON encoding. */
export const jsonPoints: readonly Point[] = [
  point(22, 'a key in snake_case is unknown, and ignored', async (target) => {
    const row = await stored(target, { trace_state: 'a=1', parent_span_id: newSpanId() })
    mustEqual('trace state and parent', [row['TraceState'], row['ParentSpanId']], ['', ''])
  }),
  point(23, 'unknown fields are ignored at any depth', async (target) => {
    const unknown = { future: [{ deep: { deeper: [1, 'x', null, true] } }] }
    const span = jsonSpan({ ...unknown, status: { code: 1, ...unknown }, attributes: [{ ...attribute('a', { stringValue: 'b', ...unknown }), ...unknown }] })
    mustBeStored('the request', await post(target, 'json', JSON.stringify({ ...unknown, resourceSpans: [{ ...unknown, scopeSpans: [{ ...unknown, spans: [span] }] }] })))
  }),
  point(24, 'ids are hex in any case, other bytes base64', async (target) => {
    const traceId = newTraceId()
    const [spanId, linked] = [newSpanId(), newTraceId()]
    const span = jsonSpan({
      traceId: traceId.toUpperCase(),
      spanId: spanId.toUpperCase(),
      links: [{ traceId: linked.toUpperCase(), spanId }],
      attributes: [attribute('bytes', { bytesValue: 'AQID' })],
    })
    const row = await storedAs(target, traceId, jsonTraces(span))
    mustEqual('ids and bytes', [row['TraceId'], row['SpanId'], row['Links.TraceId'], row['SpanAttributes']], [traceId, spanId, [linked], { bytes: 'AQID' }])
  }),
  point(25, '64-bit integers are exact, as strings and as digits', async (target) => {
    const [start, big] = [`${Date.now()}000001`, '9007199254740993']
    const traceId = newTraceId()
    const span = JSON.stringify(jsonSpan({ traceId, startTimeUnixNano: '@start', endTimeUnixNano: start, attributes: [attribute('digits', { intValue: '@big' }), attribute('text', { intValue: big })] }))
    const row = await storedAs(target, traceId, `{"resourceSpans":[{"scopeSpans":[{"spans":[${span.replace('"@start"', start).replace('"@big"', big)}]}]}]}`)
    mustEqual('start and attributes', [row['startNanos'], row['SpanAttributes']], [start, { digits: big, text: big }])
  }),
  point(26, 'numbers may be strings; doubles may be NaN and Infinity', async (target) => {
    const values = { a: '1.5', b: 'NaN', c: 'Infinity', d: '-Infinity', e: 2.5 }
    const row = await stored(target, { droppedAttributesCount: '1', attributes: Object.entries(values).map(([key, doubleValue]) => attribute(key, { doubleValue })) })
    mustEqual('keys', Object.keys(row['SpanAttributes'] as object), Object.keys(values))
    mustEqual('numbers', Object.values(row['SpanAttributes'] as Record<string, string>).map((text) => String(Number(text.replace(/^(-?)inf$/i, '$1Infinity').replace(/^nan$/i, 'NaN')))), ['1.5', 'NaN', 'Infinity', '-Infinity', '2.5'])
  }),
  point(27, 'enums are numbers; names do no harm', async (target) => {
    const named = await post(target, 'json', jsonTraces(jsonSpan({ kind: 'SPAN_KIND_CLIENT' })))
    must(named.status === 200 || named.status === 400, `a span kind by name is answered ${named.status}`)
    const row = await stored(target, { kind: 3, status: { code: 2 } })
    mustEqual('kind and status', [row['SpanKind'], row['StatusCode']], ['Client', 'Error'])
  }),
  point(28, 'null is unset, "0" is a value, an empty AnyValue is legal', async (target) => {
    const row = await stored(target, { parentSpanId: null, status: null, events: null, attributes: [attribute('zero', { intValue: '0' }), attribute('empty', {}), attribute('null', null)] })
    const attributes = row['SpanAttributes'] as Record<string, string>
    mustEqual('attributes', [attributes['zero'], attributes['empty'] ?? '', attributes['null'] ?? ''], ['0', '', ''])
  }),
  point(29, 'ids in base64 are repaired or rejected, never stored as they are', async (target) => {
    const [traceId, spanId] = [newTraceId(), newSpanId()]
    const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
    const answer = await post(target, 'json', jsonTraces(jsonSpan({ traceId: base64(traceId), spanId: base64(spanId) })))
    must(answer.status === 200 || answer.status === 400, `ids in base64 are answered ${answer.status}`)
    const repaired = answer.status === 200 && Number(partialSuccess(answer)?.rejected ?? 0) === 0
    const rows = await insideOf(target, 'it was answered well, but what was stored?').spans(traceId)
    mustEqual('span ids', rows.map((row) => row['SpanId']), repaired ? [spanId] : [])
  }),
  point(30, 'attributes given as an object are 400 and named', async (target) => {
    const message = mustAnswer('attributes as an object', await post(target, 'json', jsonTraces(jsonSpan({ attributes: { key: 'value' } }))), 400)
    must(message.includes('attributes'), `the message does not name the attributes: ${message}`)
  }),
  point(31, 'a key that comes twice does no harm, nor do values that nest deep', async (target) => {
    const twice = jsonSpan({ attributes: [attribute('k', { stringValue: 'first' }), attribute('k', { stringValue: 'second' })] })
    mustAnswer('a key twice', await post(target, 'json', jsonTraces(twice)), 200)
    const deep = `${'{"arrayValue":{"values":['.repeat(20_000)}{}${']}}'.repeat(20_000)}`
    const answer = await post(target, 'json', jsonTraces(jsonSpan({ attributes: [attribute('deep', '@')] })).replace('"@"', deep))
    must(answer.status === 200 || answer.status === 400, `a value of 20,000 levels is answered ${answer.status}`)
    mustBeStored('the next request', await post(target, 'json', jsonTraces(jsonSpan())))
  }),
  point(32, 'invalid UTF-8, a byte order mark, trailing garbage or an array at the top are 400', async (target) => {
    const log = jsonLogs('conformance', { body: { stringValue: '@' } })
    const [head, tail] = log.split('@') as [string, string]
    const bodies: Record<string, Buffer> = {
      'invalid UTF-8': Buffer.concat([Buffer.from(head), Buffer.from([0xc3, 0x28]), Buffer.from(tail)]),
      'a byte order mark': Buffer.from(`\uFEFF${log}`),
      'trailing garbage': Buffer.from(`${log}x`),
      'an array at the top': Buffer.from(`[${log}]`),
    }
    for (const [what, body] of Object.entries(bodies)) mustAnswer(what, await post(target, 'json', body, { path: '/v1/logs' }), 400)
  }),
]
