import type { BucketCounts, CountRequest, CountResult, EventStore } from '../src/measure/event-store.ts'
import type { RowIndicator } from '../src/measure/indicator.ts'

export interface StoredEvent {
  readonly atMs: number
  readonly service: string
  readonly bad: boolean
}

/** Our own interface over a list of events; it says which stretches were read. The real one is tested on ClickHouse. */
export class ListStore implements EventStore {
  readonly events: StoredEvent[] = []
  readonly reads: { readonly from: number; readonly to: number; readonly indicators: number }[] = []
  failing = false
  /** Services whose source cannot be read. */
  readonly unreadable = new Set<string>()

  add(atMs: number, bad = false, service = 'checkout'): void {
    this.events.push({ atMs, service, bad })
  }

  countBuckets({ indicators, range, bucketMs, watermarkMs }: CountRequest): Promise<CountResult> {
    if (this.failing) return Promise.reject(new Error('away'))
    this.reads.push({ ...range, indicators: indicators.length })
    const services = indicators.map((indicator) => (indicator as RowIndicator).total.service)
    const series = services.map((service) => (this.unreadable.has(service) ? undefined : this.#count(service, (bucket, atMs) => bucket >= range.from && bucket < range.to && atMs < watermarkMs, bucketMs)))
    return Promise.resolve({ series, rowsRead: this.events.length, cost: services.map(() => this.events.length), failures: services.filter((service) => this.unreadable.has(service)).map((service) => `${service} is away`) })
  }

  ping(): Promise<void> {
    return Promise.resolve()
  }

  #count(service: string, inside: (bucket: number, atMs: number) => boolean, bucketMs: number): BucketCounts[] {
    const counts = new Map<number, { good: number; total: number }>()
    for (const event of this.events) {
      const bucket = Math.floor(event.atMs / bucketMs)
      if (event.service !== service || !inside(bucket, event.atMs)) continue
      const before = counts.get(bucket) ?? { good: 0, total: 0 }
      counts.set(bucket, { good: before.good + (event.bad ? 0 : 1), total: before.total + 1 })
    }
    return [...counts].toSorted(([a], [b]) => a - b).map(([bucket, count]) => ({ bucket, ...count }))
  }
}
