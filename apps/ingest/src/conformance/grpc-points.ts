import { bytesField } from '../protobuf-fields.ts'
import { call, type GrpcAnswer, LOGS, METRICS, TRACES } from './grpc-client.ts'
import { partialSuccessOf, post } from './http-client.ts'
import { insideOf, must, mustEqual, type Point, PointSkipped } from './point.ts'
import { envelope, newTraceId, protobufLog, protobufMetric, protobufSpan } from './samples.ts'

const point = (id: number, title: string, anchor: string, check: Point['check']): Point => ({ id, group: 'gRPC', title, spec: `https://opentelemetry.io/docs/specs/otlp/#${anchor}`, check })

/** The codes that clients repeat; RESOURCE_EXHAUSTED is one of them with `RetryInfo` only. */
const RETRYABLE = new Set([1, 4, 10, 11, 14, 15])
const [OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE, UNAUTHENTICATED] = [0, 3, 4, 7, 8, 12, 14, 16]

const BROKEN = Buffer.from([0x0a, 0xff])

function mustBe(what: string, answer: GrpcAnswer, ...codes: readonly number[]): void {
  must(codes.includes(answer.code), `${what}: expected status ${codes.join(' or ')}, got ${answer.code} (${answer.message})`)
}

function isRetryable({ code, retryAfterSeconds }: GrpcAnswer): boolean {
  return RETRYABLE.has(code) || (code === RESOURCE_EXHAUSTED && retryAfterSeconds !== undefined)
}

/** Points 42 to 48: OTLP over gRPC. */
export const grpcPoints: readonly Point[] = [
  point(42, 'the three services are there, plain and with gzip, many calls at once', 'otlpgrpc', async (target) => {
    const messages = { [TRACES]: envelope([protobufSpan()]), [LOGS]: envelope([protobufLog()]), [METRICS]: envelope([protobufMetric()]) }
    const calls = Object.entries(messages).flatMap(([method, message]) => (['identity', 'gzip'] as const).flatMap((compression) => Array.from({ length: 3 }, () => ({ method, message, compression }))))
    const answers = await Promise.all(calls.map(({ method, message, compression }) => call(target, message, { method, compression })))
    for (const [index, answer] of answers.entries()) mustBe(`${calls[index]!.method} with ${calls[index]!.compression}`, answer, OK)
    mustEqual('sizes of the responses', [...new Set(answers.map((answer) => answer.body.length))], [0])
  }),
  point(43, 'too large a message is RESOURCE_EXHAUSTED without RetryInfo, also when only inflated', 'otlpgrpc-throttling', async (target) => {
    for (const compression of ['identity', 'gzip'] as const) {
      const answer = await call(target, Buffer.alloc(target.maxBodyBytes + 1), { compression })
      mustBe(`a large message with ${compression}`, answer, RESOURCE_EXHAUSTED)
      must(answer.retryAfterSeconds === undefined, 'it must not be said to be worth repeating')
    }
    // Exporters batch up to far more than the 4 MiB that gRPC libraries take by default.
    const allowed = bytesField(18, Buffer.alloc(target.maxBodyBytes - 16))
    mustBe('a message just under the limit', await call(target, allowed), OK)
  }),
  point(44, 'overload is UNAVAILABLE or RESOURCE_EXHAUSTED with RetryInfo', 'otlpgrpc-throttling', async (target) => {
    const answer = await call(insideOf(target, 'it would have to be overloaded').overloaded, envelope([protobufSpan()]))
    mustBe('overload', answer, UNAVAILABLE, RESOURCE_EXHAUSTED)
    must((answer.retryAfterSeconds ?? 0) > 0, 'RetryInfo with a delay is missing')
  }),
  point(45, 'bad data is INVALID_ARGUMENT, no key UNAUTHENTICATED, another method UNIMPLEMENTED', 'failures-1', async (target) => {
    mustBe('bad data', await call(target, BROKEN), INVALID_ARGUMENT)
    mustBe('another method', await call(target, Buffer.alloc(0), { method: TRACES.replace('Export', 'Import') }), UNIMPLEMENTED)
    const locked = target.inside?.locked ?? (Object.keys(target.headers).length > 0 ? { ...target, headers: {} } : undefined)
    if (locked === undefined) throw new PointSkipped('the codes are right, but no key was given (--header) that could be left out')
    mustBe('without a key', await call(locked, envelope([protobufSpan()])), UNAUTHENTICATED, PERMISSION_DENIED)
  }),
  point(46, 'what is worth repeating has a code that clients repeat, and nothing else has', 'failures-1', async (target) => {
    for (const [what, answer] of [['bad data', await call(target, BROKEN)], ['a large message', await call(target, Buffer.alloc(target.maxBodyBytes + 1))]] as const) {
      must(!isRetryable(answer), `${what} has status ${answer.code}, which clients repeat`)
    }
    must(isRetryable(await call(insideOf(target, 'it would have to be overloaded').overloaded, envelope([protobufSpan()]))), 'overload has a status that clients do not repeat')
  }),
  point(47, 'HTTP and gRPC say the same', 'failures-1', async (target) => {
    const pairs = await Promise.all([
      Promise.all([post(target, 'protobuf', BROKEN), call(target, BROKEN)]),
      Promise.all([post(target, 'protobuf', envelope([protobufSpan()])), call(target, envelope([protobufSpan()]))]),
    ])
    mustEqual('bad data and good', pairs.map(([http, grpc]) => [http.status, grpc.code]), [[400, INVALID_ARGUMENT], [200, OK]])
    const { overloaded, locked } = insideOf(target, 'overload and missing keys were not compared')
    const span = envelope([protobufSpan()])
    const [busy, keyless] = [[await post(overloaded, 'protobuf', span), await call(overloaded, span)], [await post(locked, 'protobuf', span), await call(locked, span)]] as const
    mustEqual('overload', [busy[0].status, busy[1].code, Number(busy[0].headers['retry-after'])], [503, UNAVAILABLE, busy[1].retryAfterSeconds])
    mustEqual('no key', [keyless[0].status, keyless[1].code], [401, UNAUTHENTICATED])
  }),
  point(48, 'partial_success is as over HTTP; a caller’s deadline ends its wait, not the work', 'partial-success-1', async (target) => {
    const mixed = envelope([protobufSpan(), protobufSpan({ traceId: '' }), protobufSpan({ spanId: '' })])
    const answer = await call(target, mixed)
    mustBe('a span and two without ids', answer, OK)
    mustEqual('partial_success', partialSuccessOf(answer.body), partialSuccessOf((await post(target, 'protobuf', mixed)).body))
    const { slow } = insideOf(target, 'partial_success agrees, but whether a late answer undoes anything?')
    mustBe('a call that waits too long', await call(slow.address, envelope([protobufSpan({ traceId: newTraceId() })]), { timeoutMs: 300 }), DEADLINE_EXCEEDED)
    mustEqual('spans stored after the deadline', await slow.release(), 1)
  }),
]
