import type { OtlpEncoding } from '../src/index.ts'
import { type RequestName, toJson, toProtobuf } from '../test/otlp-messages.ts'

/** Records of one request. */
export const RECORDS = 512

/** Write a request that is given in OTLP's JSON mapping. */
export const encoders = { protobuf: toProtobuf, json: (_: RequestName, json: object) => toJson(json) }

/** When the records begin, unless a test needs them younger. */
const START = 1_763_700_000_000_000_000n

/** Numbers that look random and are the same in every run. */
export class Sequence {
  #state = 42

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * bound)
  }

  hex(bytes: number): string {
    return Array.from({ length: bytes }, () => this.below(256).toString(16).padStart(2, '0')).join('')
  }
}

export const ROUTES = ['/products/:id', '/cart', '/checkout', '/search', '/users/:id/orders']
export const resource = {
  attributes: Object.entries({ 'service.name': 'checkout', 'service.version': '1.14.2', 'host.name': 'ip-10-0-3-17', 'deployment.environment.name': 'production', 'telemetry.sdk.language': 'nodejs' })
    .map(([key, stringValue]) => ({ key, value: { stringValue } })),
}

/** Trace requests of a web service: ten attributes a span, about 410 bytes a span, every trace id another one. */
export function traceRequests(count: number, startUnixNano = START, encoding: OtlpEncoding = 'protobuf'): Uint8Array[] {
  const random = new Sequence()
  return Array.from({ length: count }, () =>
    encoders[encoding]('TracesRequest', { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: '@opentelemetry/instrumentation-http', version: '0.57.1' }, spans: times(RECORDS, () => span(random, startUnixNano)) }] }] }),
  )
}

/** Log requests of the same service. */
export function logRequests(count: number, startUnixNano = START, encoding: OtlpEncoding = 'protobuf'): Uint8Array[] {
  const random = new Sequence()
  return Array.from({ length: count }, () =>
    encoders[encoding]('LogsRequest', { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'checkout-logger', version: '2.0.0' }, logRecords: times(RECORDS, () => log(random, startUnixNano)) }] }] }),
  )
}

function span(random: Sequence, startUnixNano: bigint): object {
  const start = startUnixNano + BigInt(random.below(1_000_000_000))
  const route = ROUTES[random.below(ROUTES.length)]!
  return {
    traceId: random.hex(16),
    spanId: random.hex(8),
    parentSpanId: random.hex(8),
    name: `GET ${route}`,
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(random.below(900_000_000))),
    attributes: httpAttributes(random, route),
    status: { code: 1 },
  }
}

function log(random: Sequence, startUnixNano: bigint): object {
  const time = startUnixNano + BigInt(random.below(1_000_000_000))
  const route = ROUTES[random.below(ROUTES.length)]!
  return {
    timeUnixNano: String(time),
    observedTimeUnixNano: String(time),
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: `request ${random.below(1_000_000)} to ${route} completed` },
    attributes: httpAttributes(random, route),
    flags: 1,
    traceId: random.hex(16),
    spanId: random.hex(8),
  }
}

function httpAttributes(random: Sequence, route: string): object[] {
  const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } })
  const int = (key: string, value: number): object => ({ key, value: { intValue: String(value) } })
  return [
    text('http.request.method', 'GET'),
    text('url.scheme', 'https'),
    text('url.path', route.replace(':id', String(random.below(100_000)))),
    text('http.route', route),
    text('server.address', 'shop.example.com'),
    int('server.port', 443),
    text('client.address', `10.0.${random.below(256)}.${random.below(256)}`),
    text('user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64)'),
    int('http.response.status_code', random.below(50) === 0 ? 500 : 200),
    text('network.protocol.version', '1.1'),
  ]
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}
