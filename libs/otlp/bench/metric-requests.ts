import type { OtlpEncoding } from '../src/index.ts'
import { encoders, RECORDS, resource, ROUTES, Sequence } from './requests.ts'

const START = 1_763_700_000_000_000_000n
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Metric requests of a web service: of four data points two are sums, one is a gauge and one a histogram of fifteen buckets; five attributes each. */
export function metricRequests(count: number, startUnixNano = START, encoding: OtlpEncoding = 'protobuf'): Uint8Array[] {
  const random = new Sequence()
  return Array.from({ length: count }, () => {
    const point = (own: object): object => dataPoint(random, startUnixNano, own)
    const number = (): object => point({ asDouble: random.below(1_000_000) / 64 })
    const integer = (): object => point({ asInt: String(random.below(1_000_000)) })
    const points = (share: number, make: () => object): object[] => Array.from({ length: RECORDS / share }, make)
    const metrics = [
      { name: 'http.server.active_requests', unit: '{request}', description: 'Requests under way', gauge: { dataPoints: points(4, number) } },
      { name: 'http.server.requests', unit: '{request}', description: 'Requests answered', sum: { dataPoints: points(2, integer), aggregationTemporality: 2, isMonotonic: true } },
      { name: 'http.server.request.duration', unit: 's', description: 'Time to answer', histogram: { dataPoints: points(4, () => point(distribution(random))), aggregationTemporality: 2 } },
    ]
    return encoders[encoding]('MetricsRequest', { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: '@opentelemetry/instrumentation-http', version: '0.57.1' }, metrics }] }] })
  })
}

function distribution(random: Sequence): object {
  const counts = Array.from({ length: BOUNDS.length + 1 }, () => random.below(500))
  const bucketCounts = counts.map(String)
  return { count: String(counts.reduce((sum, each) => sum + each, 0)), sum: random.below(1_000_000) / 64, min: 0.25, max: 9.5, bucketCounts, explicitBounds: BOUNDS }
}

function dataPoint(random: Sequence, startUnixNano: bigint, own: object): object {
  const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } })
  const attributes = [
    text('http.request.method', 'GET'),
    text('http.route', ROUTES[random.below(ROUTES.length)]!),
    text('url.scheme', 'https'),
    { key: 'http.response.status_code', value: { intValue: String(random.below(50) === 0 ? 500 : 200) } },
    text('pod', `pod-${random.below(1000)}`),
  ]
  return { attributes, startTimeUnixNano: String(startUnixNano), timeUnixNano: String(startUnixNano + BigInt(random.below(1_000_000_000))), ...own }
}
