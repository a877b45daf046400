import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { connect } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CONTENT_TYPE, mustAnswer, mustBeStored, partialSuccess, post, send } from './http-client.ts'
import { insideOf, must, mustEqual, type Point, PointSkipped, type Target } from './point.ts'
import { envelope, jsonLogs, jsonMetrics, jsonSpan, jsonTraces, newTraceId, protobufLog, protobufMetric, protobufSpan } from './samples.ts'

const OTLP_HTTP = 'https://opentelemetry.io/docs/specs/otlp/#otlphttp'
const point = (id: number, title: string, anchor: string, check: Point['check']): Point => ({ id, group: 'HTTP', title, spec: anchor === '' ? OTLP_HTTP : OTLP_HTTP.replace('otlphttp', anchor), check })

/** What clients repeat a request for. */
const REPEATED_STATUSES = [429, 502, 503, 504]

const PATHS = { '/v1/traces': [jsonTraces(jsonSpan()), envelope([protobufSpan()])], '/v1/logs': [jsonLogs('conformance', { body: { stringValue: 'x' } }), envelope([protobufLog()])], '/v1/metrics': [jsonMetrics(), envelope([protobufMetric()])] } as const

/** Points 1 to 21: OTLP over HTTP. */
export const httpPoints: readonly Point[] = [
  point(1, 'traces, logs and metrics are taken by POST, as protobuf and as JSON on one port', 'otlphttp-request', async (target) => {
    for (const [path, [json, protobuf]] of Object.entries(PATHS)) {
      mustAnswer(`JSON to ${path}`, await post(target, 'json', json, { path }), 200)
      mustAnswer(`protobuf to ${path}`, await post(target, 'protobuf', protobuf, { path }), 200)
    }
  }),
  point(2, 'another method is 405, another path 404, another content type 415, each with a Status', 'failures', async (target) => {
    mustAnswer('GET', await send(target, { method: 'GET' }), 405)
    mustAnswer('an unknown path', await post(target, 'json', '{}', { path: '/v1/nothing' }), 404)
    mustAnswer('text/plain', await send(target, { body: 'x', headers: { 'content-type': 'text/plain' } }), 415)
  }),
  point(3, 'parameters of the content type are accepted', 'otlphttp-request', async (target) => {
    mustAnswer('JSON with a charset', await post(target, 'json', '{}', { headers: { 'content-type': 'application/json; charset=utf-8' } }), 200)
    mustAnswer('protobuf with a parameter', await post(target, 'protobuf', '', { headers: { 'content-type': 'application/x-protobuf;v=1' } }), 200)
  }),
  point(4, 'the answer has the content type of the request, on success and on error', 'otlphttp-response', async (target) => {
    for (const encoding of ['json', 'protobuf'] as const) {
      for (const [what, body] of [['a success', ''], ['an error', '\u0007{']] as const) {
        const answer = await post(target, encoding, body)
        must(answer.headers['content-type']?.split(';')[0] === CONTENT_TYPE[encoding], `${what} in ${encoding} has content type ${answer.headers['content-type']}`)
      }
    }
  }),
  point(5, 'gzip is read; another or a broken content encoding is 400', 'binary-protobuf-encoding', async (target) => {
    const zipped = gzipSync(jsonTraces(jsonSpan()))
    mustBeStored('gzip', await post(target, 'json', zipped, { headers: { 'content-encoding': 'gzip' } }))
    mustAnswer('an unknown encoding', await post(target, 'json', '{}', { headers: { 'content-encoding': 'lzma' } }), 400)
    mustAnswer('gzip that ends too early', await post(target, 'json', zipped.subarray(0, -12), { headers: { 'content-encoding': 'gzip' } }), 400)
  }),
  point(6, 'too large a body is 413, also when it is small before it is inflated', 'otlphttp-request', async (target) => {
    const large = Buffer.alloc(target.maxBodyBytes + 1)
    mustAnswer('a large body', await post(target, 'protobuf', large), 413)
    mustAnswer('a gzip bomb', await post(target, 'protobuf', gzipSync(large), { headers: { 'content-encoding': 'gzip' } }), 413)
  }),
  point(7, 'chunks without a length are taken up to the limit, and Expect: 100-continue is answered', 'otlphttp-request', async (target) => {
    mustBeStored('chunks', await post(target, 'json', jsonTraces(jsonSpan()), { chunked: true }))
    mustAnswer('too many chunks', await post(target, 'protobuf', Buffer.alloc(target.maxBodyBytes + 65_536), { chunked: true }), 413)
    const expected = await post(target, 'json', jsonTraces(jsonSpan()), { headers: { expect: '100-continue' } })
    mustBeStored('Expect: 100-continue', expected)
    must(expected.continued, '100 Continue must come before the body')
  }),
  point(8, 'what is stored whole is answered with an empty response, partial_success unset', 'full-success', async (target) => {
    const json = await post(target, 'json', jsonTraces(jsonSpan()))
    mustBeStored('JSON', json)
    mustEqual('the body in JSON', JSON.parse(json.body.toString()), {})
    const protobuf = await post(target, 'protobuf', envelope([protobufSpan()]))
    mustBeStored('protobuf', protobuf)
    mustEqual('the size in protobuf', protobuf.body.length, 0)
  }),
  point(9, 'an empty body, request or envelope is 200', 'full-success', async (target) => {
    for (const body of ['{}', '{"resourceSpans":[]}', '{"resourceSpans":[{"scopeSpans":[]}]}']) mustAnswer(body, await post(target, 'json', body), 200)
    mustAnswer('no bytes', await post(target, 'protobuf', ''), 200)
    mustAnswer('an empty envelope', await post(target, 'protobuf', envelope([])), 200)
  }),
  point(10, 'when some records are rejected, partial_success says exactly how many and why', 'partial-success', async (target) => {
    const traceId = newTraceId()
    for (const encoding of ['json', 'protobuf'] as const) {
      const body = encoding === 'json' ? jsonTraces(jsonSpan({ traceId }), jsonSpan({ traceId: '' }), jsonSpan({ traceId: '0'.repeat(32) })) : envelope([protobufSpan({ traceId }), protobufSpan({ traceId: '' }), protobufSpan({ traceId: '00'.repeat(16) })])
      const answer = await post(target, encoding, body)
      mustAnswer(`a span and two without ids in ${encoding}`, answer, 200)
      const partial = partialOrSkip(target, answer)
      must(Number(partial.rejected) === 2 && partial.message !== '', `partial_success in ${encoding} must count 2 and say why; it is ${JSON.stringify(partial)}`)
    }
    mustEqual('spans stored', (await insideOf(target, 'whether the other spans are stored').spans(traceId)).length, 2)
  }),
  point(11, 'what is stored with a warning has no rejected records and a message', 'partial-success', async (target) => {
    const answer = await post(target, 'json', '{"unheard":"of"}')
    mustAnswer('a request with nothing known in it', answer, 200)
    const partial = partialSuccess(answer)
    if (partial === undefined && target.inside === undefined) throw new PointSkipped('the receiver warned of nothing')
    must(partial !== undefined && Number(partial.rejected) === 0 && partial.message !== '', `expected a message and nothing rejected, got ${JSON.stringify(partial)}`)
  }),
  point(12, 'the count of rejected records is a string in JSON', 'json-protobuf-encoding', async (target) => {
    mustEqual('rejectedSpans', partialOrSkip(target, await post(target, 'json', jsonTraces(jsonSpan({ spanId: '' })))).rejected, '1')
  }),
  point(13, 'a body that cannot be decoded is 400 with a Status in the request’s encoding', 'bad-data', async (target) => {
    const json = await post(target, 'json', '{"resourceSpans":')
    mustAnswer('broken JSON', json, 400)
    mustAnswer('broken protobuf', await post(target, 'protobuf', Buffer.from([0x0a, 0xff])), 400)
    insideOf(target, 'whether the details hold BadRequest is up to the receiver')
    must(json.body.includes('google.rpc.BadRequest'), 'the details should hold BadRequest')
  }),
  point(14, 'who is not let in gets 401 or 403, with a Status', 'failures', async (target) => {
    const keyless = Object.keys(target.headers).length === 0
    if (target.inside === undefined && keyless) throw new PointSkipped('no key was given (--header), so there is none to leave out')
    const locked = target.inside?.locked ?? { ...target, headers: {} }
    const answer = await post(locked, 'protobuf', envelope([protobufSpan()]))
    mustAnswer('without a key', answer, answer.status === 403 ? 403 : 401)
  }),
  point(15, 'overload is 429 or 503 with Retry-After in seconds, never another 5xx', 'otlphttp-throttling', async (target) => {
    const answer = await post(insideOf(target, 'it would have to be overloaded').overloaded, 'json', jsonTraces(jsonSpan()))
    mustAnswer('overload', answer, answer.status === 429 ? 429 : 503)
    must(/^[1-9]\d*$/.test(answer.headers['retry-after'] ?? ''), `Retry-After is ${answer.headers['retry-after']}`)
  }),
  point(16, 'what can never be stored is not answered as worth repeating', 'failures', async (target) => {
    const { status } = await post(insideOf(target, 'its storage would have to refuse').poisonable, 'json', jsonTraces(jsonSpan({ name: 'poison' })))
    must(!REPEATED_STATUSES.includes(status), `a poisoned span is answered ${status}, which clients repeat`)
  }),
  point(17, 'an answer stays under 4 MiB, however much is wrong', 'otlphttp-response', async (target) => {
    const wrong = Array.from({ length: 400 }, () => jsonSpan({ traceId: 'z'.repeat(1000), name: 'x'.repeat(1000) }))
    const answer = await post(target, 'json', jsonTraces(...wrong))
    must(answer.status < 500 && answer.body.length <= 4 * 2 ** 20, `the answer to 400 wrong spans is ${answer.status} with ${answer.body.length} bytes`)
  }),
  point(18, 'an answer is compressed only for those who accept it', 'otlphttp-response', async (target) => {
    const plain = await post(target, 'json', jsonTraces(jsonSpan({ spanId: '' })))
    mustEqual('Content-Encoding without Accept-Encoding', plain.headers['content-encoding'] ?? 'none', 'none')
    const accepted = await post(target, 'json', '{}', { headers: { 'accept-encoding': 'gzip' } })
    const body = accepted.headers['content-encoding'] === 'gzip' ? gunzipSync(accepted.body) : accepted.body
    mustEqual('the body for who accepts gzip', JSON.parse(body.toString()), {})
  }),
  point(19, 'a connection survives an error, or is closed and says so', 'otlphttp-connection', async (target) => {
    const options = { keepAlive: true, maxSockets: 1 }
    const agent = target.url.startsWith('https:') ? new HttpsAgent(options) : new Agent(options)
    try {
      const error = await post(target, 'json', '{', { agent })
      const next = await post(target, 'json', jsonTraces(jsonSpan()), { agent })
      mustBeStored('the request after an error', next)
      must(next.socket === error.socket || error.headers.connection === 'close', 'the connection was closed after the error without Connection: close')
    } finally {
      agent.destroy()
    }
  }),
  point(20, 'a body that is broken off is not stored', 'otlphttp-request', async (target) => {
    const traceId = newTraceId()
    const body = jsonTraces(jsonSpan({ traceId, name: 'broken off' }))
    if (target.url.startsWith('https:')) throw new PointSkipped('only checked without TLS')
    await breakOff(target, body)
    mustBeStored('the next request', await post(target, 'json', jsonTraces(jsonSpan({ traceId, name: 'whole' }))))
    mustEqual('spans stored', (await insideOf(target, 'what is stored').spans(traceId)).map((row) => row['SpanName']), ['whole'])
  }),
  point(21, 'a browser’s preflight is answered', 'otlphttp-request', async (target) => {
    const origin = target.origin ?? 'https://conformance.example'
    const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,authorization,x-api-key' }
    const preflight = await send(target, { method: 'OPTIONS', headers })
    const allowed = preflight.headers['access-control-allow-origin']
    if (allowed === undefined && target.origin === undefined) throw new PointSkipped('the receiver allows no such origin; name one with --origin')
    must(preflight.status < 300 && (allowed === origin || allowed === '*'), `the preflight is ${preflight.status} and allows ${allowed}`)
    for (const header of ['content-type', 'authorization', 'x-api-key']) must(preflight.headers['access-control-allow-headers']?.toLowerCase().includes(header) === true, `the preflight does not allow ${header}`)
    must(Number(preflight.headers['access-control-max-age']) > 0, 'the preflight has no Access-Control-Max-Age')
    const answer = await post(target, 'json', '{}', { headers: { origin } })
    must(answer.headers['access-control-allow-origin'] !== undefined, 'the answer itself does not allow the origin')
  }),
]

function partialOrSkip(target: Target, answer: Awaited<ReturnType<typeof post>>): { rejected: unknown; message: string } {
  const partial = partialSuccess(answer)
  if (partial === undefined && target.inside === undefined) throw new PointSkipped('the receiver rejected none of the wrong records')
  must(partial !== undefined, 'wrong records were not rejected')
  return partial
}

/** Sends half of a request and closes the connection. */
async function breakOff({ url: base, headers }: Target, body: string): Promise<void> {
  const url = new URL(base)
  const socket = connect(Number(url.port === '' ? 80 : url.port), url.hostname)
  const keys = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `POST ${url.pathname.replace(/\/$/, '')}/v1/traces HTTP/1.1\r\nhost: ${url.host}\r\n${keys}content-type: application/json\r\ncontent-length: ${body.length + 100}\r\n\r\n`
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.write(head + body, () => {
      socket.destroy()
      resolve()
    })
  })
}
