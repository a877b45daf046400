import { type Histogram, metrics } from '@opentelemetry/api'

const SECONDS = { unit: 's', advice: { explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600] } }

/** How long things took in one definition, as OpenTelemetry histograms. None of it is on the way of a fresh hit. */
export class Timings {
  readonly #attributes: Readonly<Record<string, string>>
  readonly #load: Histogram
  readonly #leaseWait: Histogram
  readonly #staleAge: Histogram

  constructor(namespace: string, name: string) {
    this.#attributes = { 'cache.namespace': namespace, 'cache.name': name }
    const meter = metrics.getMeter('@ballast/cache')
    this.#load = meter.createHistogram('cache.load.duration', { description: 'How long calls of the loader took, failed ones included', ...SECONDS })
    this.#leaseWait = meter.createHistogram('cache.lease.wait.duration', { description: 'How long callers waited for the load of another process', ...SECONDS })
    this.#staleAge = meter.createHistogram('cache.stale.age', { description: 'How long ago the value of a stale answer was fresh', ...SECONDS })
  }

  loaded(ms: number): void {
    this.#load.record(ms / 1_000, this.#attributes)
  }

  waited(ms: number): void {
    this.#leaseWait.record(ms / 1_000, this.#attributes)
  }

  servedStale(ms: number): void {
    this.#staleAge.record(Math.max(0, ms) / 1_000, this.#attributes)
  }
}
