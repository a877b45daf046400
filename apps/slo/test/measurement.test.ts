import { describe, expect, test } from 'vitest'
import type { CountRequest, CountResult, EventStore } from '../src/measure/event-store.ts'
import { Measurement } from '../src/measure/measurement.ts'
import { objective } from './objectives.ts'

const SECOND_MS = 1000
const NOW_MS = 1_000_000 * SECOND_MS

interface StoredEvent {
  readonly atMs: number
  readonly service: string
  readonly bad: boolean
}

/** Our own interface over a list of events; it says which stretches were read. The real one is tested on ClickHouse. */
class ListStore implements EventStore {
  readonly events: StoredEvent[] = []
  readonly reads: { readonly from: number; readonly to: number; readonly indicators: number }[] = []
  failing = false

  add(atMs: number, bad = false, service = 'checkout'): void {
    this.events.push({ atMs, service, bad })
  }

  countBuckets({ indicators, range, bucketMs, watermarkMs }: CountRequest): Promise<CountResult> {
    if (this.failing) return Promise.reject(new Error('away'))
    this.reads.push({ ...range, indicators: indicators.length })
    const series = indicators.map(({ total }) => {
      const counts = new Map<number, { good: number; total: number }>()
      for (const { atMs, service, bad } of this.events) {
        const bucket = Math.floor(atMs / bucketMs)
        if (service !== total.service || bucket < range.from || bucket >= range.to || atMs >= watermarkMs) continue
        const before = counts.get(bucket) ?? { good: 0, total: 0 }
        counts.set(bucket, { good: before.good + (bad ? 0 : 1), total: before.total + 1 })
      }
      return [...counts].toSorted(([a], [b]) => a - b).map(([bucket, count]) => ({ bucket, ...count }))
    })
    return Promise.resolve({ series, rowsRead: this.events.length })
  }

  exampleTraces(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  ping(): Promise<void> {
    return Promise.resolve()
  }
}

const watched = objective({ period: '1h' })
const signal = new AbortController().signal

function measure(store: EventStore): Measurement {
  return new Measurement({ store, bucketMs: 10 * SECOND_MS, ingestLagMs: 5 * SECOND_MS, finalAfterMs: 60 * SECOND_MS, rescanMs: 600 * SECOND_MS, scanTimeoutMs: 1000 })
}

describe('a measurement', () => {
  test('reads the whole period once, and then only what is new or not final', async () => {
    const store = new ListStore()
    store.add(NOW_MS - 3000 * SECOND_MS)
    const measurement = measure(store)
    await measurement.refresh([watched], NOW_MS, signal)
    await measurement.refresh([watched], NOW_MS + 15 * SECOND_MS, signal)
    expect(store.reads).toEqual([{ from: 99_640, to: 100_000, indicators: 1 }, { from: 99_993, to: 100_001, indicators: 1 }])
    expect(measurement.counts(watched.indicator, 3600 * SECOND_MS)).toEqual({ good: 1, total: 1 })
  })

  test('counts up to the watermark and not beyond', async () => {
    const store = new ListStore()
    store.add(NOW_MS - 5001)
    store.add(NOW_MS - 5000)
    const measurement = measure(store)
    expect(await measurement.refresh([watched], NOW_MS, signal)).toBe(NOW_MS - 5000)
    expect(measurement.counts(watched.indicator, 60 * SECOND_MS).total).toBe(1)
    await measurement.refresh([watched], NOW_MS + 1, signal)
    expect(measurement.counts(watched.indicator, 60 * SECOND_MS).total).toBe(2)
  })

  test('reads the bucket that the watermark cuts again, even when buckets are final at once', async () => {
    const store = new ListStore()
    const measurement = new Measurement({ store, bucketMs: 10 * SECOND_MS, ingestLagMs: 25 * SECOND_MS, finalAfterMs: 0, rescanMs: 600 * SECOND_MS, scanTimeoutMs: 1000 })
    store.add(NOW_MS - 24 * SECOND_MS)
    await measurement.refresh([watched], NOW_MS, signal)
    await measurement.refresh([watched], NOW_MS + 2 * SECOND_MS, signal)
    expect(measurement.counts(watched.indicator, 3600 * SECOND_MS).total).toBe(1)
  })

  test('counts late rows of a bucket that is not final, good and total together', async () => {
    const store = new ListStore()
    store.add(NOW_MS - 30 * SECOND_MS)
    const measurement = measure(store)
    await measurement.refresh([watched], NOW_MS, signal)
    store.add(NOW_MS - 30 * SECOND_MS)
    store.add(NOW_MS - 31 * SECOND_MS, true)
    await measurement.refresh([watched], NOW_MS + SECOND_MS, signal)
    expect(measurement.counts(watched.indicator, 3600 * SECOND_MS)).toEqual({ good: 2, total: 3 })
  })

  test('counts rows that came later still when everything is read again', async () => {
    const store = new ListStore()
    const measurement = measure(store)
    await measurement.refresh([watched], NOW_MS, signal)
    store.add(NOW_MS - 1000 * SECOND_MS)
    await measurement.refresh([watched], NOW_MS + 599 * SECOND_MS, signal)
    expect(measurement.counts(watched.indicator, 3600 * SECOND_MS).total).toBe(0)
    await measurement.refresh([watched], NOW_MS + 600 * SECOND_MS, signal)
    expect(measurement.counts(watched.indicator, 3600 * SECOND_MS).total).toBe(1)
    await measurement.refresh([watched], NOW_MS + 601 * SECOND_MS, signal)
    expect(store.reads.map(({ from, to }) => to - from > 100)).toEqual([true, false, true, false])
  })

  test('reads the past of an objective that is new, and counts shared indicators once', async () => {
    const store = new ListStore()
    store.add(NOW_MS - 1000 * SECOND_MS, false, 'catalog')
    const [same, other] = [objective({ name: 'same', period: '1h' }), objective({ name: 'other', period: '1h', service: 'catalog' })]
    const measurement = measure(store)
    await measurement.refresh([watched, same], NOW_MS, signal)
    await measurement.refresh([watched, same, other], NOW_MS + SECOND_MS, signal)
    expect(store.reads.map(({ indicators }) => indicators)).toEqual([1, 2])
    expect(measurement.counts(other.indicator, 3600 * SECOND_MS).total).toBe(1)
  })

  test('keeps what it has when the store fails, and reads what it missed afterwards', async () => {
    const store = new ListStore()
    store.add(NOW_MS - 100 * SECOND_MS)
    const measurement = measure(store)
    await measurement.refresh([watched], NOW_MS, signal)
    store.failing = true
    await expect(measurement.refresh([watched], NOW_MS + 200 * SECOND_MS, signal)).rejects.toThrow('away')
    expect(measurement.counts(watched.indicator, 3600 * SECOND_MS).total).toBe(1)
    store.failing = false
    store.add(NOW_MS + 30 * SECOND_MS)
    await measurement.refresh([watched], NOW_MS + 300 * SECOND_MS, signal)
    expect(measurement.counts(watched.indicator, 3600 * SECOND_MS).total).toBe(2)
  })

  test('starts over when the first scan fails, and reads a long period day by day', async () => {
    const store = new ListStore()
    store.failing = true
    const month = objective({ period: '30d' })
    const measurement = measure(store)
    await expect(measurement.refresh([month], NOW_MS, signal)).rejects.toThrow('away')
    store.failing = false
    await measurement.refresh([month], NOW_MS, signal)
    expect(store.reads).toHaveLength(30)
    expect(store.reads.every(({ from, to }) => (to - from) * 10 * SECOND_MS === 86_400_000)).toBe(true)
  })
})
