import { type EventLoopUtilization, monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { type BatchObservableResult, metrics } from '@opentelemetry/api'

/** Time that delay and utilization of the event loop are measured over. Milliseconds. */
const WINDOW_MS = 10_000
/** How finely the delay is sampled. Milliseconds. */
const RESOLUTION_MS = 20

/**
 * Observes this process through OpenTelemetry's meter, under the names of its conventions for Node: event loop, heap, memory, CPU, garbage
 * collection. Delay and utilization are those of the last ten seconds, whoever reads them and however often.
 *
 * @returns what ends it.
 */
export function observeRuntime(): () => void {
  const meter = metrics.getMeter('@ballast/service')
  const gauge = (name: string, unit: string, description: string) => meter.createObservableGauge(name, { unit, description })
  const p50 = gauge('nodejs.eventloop.delay.p50', 's', 'Median of the time that ready work waits for the event loop')
  const p99 = gauge('nodejs.eventloop.delay.p99', 's', '99th percentile of the time that ready work waits for the event loop')
  const longest = gauge('nodejs.eventloop.delay.max', 's', 'Longest time that ready work waited for the event loop')
  const utilization = gauge('nodejs.eventloop.utilization', '1', 'Share of time that the event loop works')
  const resources = gauge('nodejs.active_resources', '{resource}', 'Sockets, timers and the like that keep the event loop alive')
  const heapUsed = gauge('v8js.memory.heap.used', 'By', 'Heap in use')
  const heapLimit = gauge('v8js.memory.heap.limit', 'By', 'Most heap there can be')
  const memory = gauge('process.memory.usage', 'By', 'Resident memory')
  const cpu = meter.createObservableCounter('process.cpu.time', { unit: 's', description: 'Processor time, all threads' })
  const collections = meter.createHistogram('v8js.gc.duration', { unit: 's', description: 'Pauses for garbage collection', advice: { explicitBucketBoundaries: [0.001, 0.01, 0.1, 1] } })

  const loop = new LoopWindow()
  const pauses = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collections.record(duration / 1000)
  })
  pauses.observe({ entryTypes: ['gc'] })

  const observe = (result: BatchObservableResult): void => {
    const { delay, used } = loop
    result.observe(p50, delay.p50)
    result.observe(p99, delay.p99)
    result.observe(longest, delay.max)
    result.observe(utilization, used)
    result.observe(resources, process.getActiveResourcesInfo().length)
    const { heapUsed: heap, rss } = process.memoryUsage()
    result.observe(heapUsed, heap)
    result.observe(heapLimit, getHeapStatistics().heap_size_limit)
    result.observe(memory, rss)
    const { user, system } = process.cpuUsage()
    result.observe(cpu, user / 1e6, { 'cpu.mode': 'user' })
    result.observe(cpu, system / 1e6, { 'cpu.mode': 'system' })
  }
  const instruments = [p50, p99, longest, utilization, resources, heapUsed, heapLimit, memory, cpu]
  meter.addBatchObservableCallback(observe, instruments)
  return () => {
    meter.removeBatchObservableCallback(observe, instruments)
    pauses.disconnect()
    loop.close()
  }
}

/** What the event loop did in the last full window; before there is one, since the start. Seconds, and a share. */
class LoopWindow {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #timer: NodeJS.Timeout
  #since: EventLoopUtilization = performance.eventLoopUtilization()
  #last: { readonly delay: LoopWindow['delay']; readonly used: number } | undefined

  constructor() {
    this.#histogram.enable()
    this.#timer = setInterval(() => this.#turn(), WINDOW_MS).unref()
  }

  get delay(): { readonly p50: number; readonly p99: number; readonly max: number } {
    return this.#last?.delay ?? this.#read()
  }

  get used(): number {
    return this.#last?.used ?? performance.eventLoopUtilization(this.#since).utilization
  }

  close(): void {
    clearInterval(this.#timer)
    this.#histogram.disable()
  }

  #turn(): void {
    this.#last = { delay: this.#read(), used: performance.eventLoopUtilization(this.#since).utilization }
    this.#since = performance.eventLoopUtilization()
    this.#histogram.reset()
  }

  /** The monitor counts its own interval as delay; what is above it is waiting. */
  #read(): LoopWindow['delay'] {
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS) / 1000
    if (this.#histogram.count === 0) return { p50: 0, p99: 0, max: 0 }
    return { p50: seconds(this.#histogram.percentile(50)), p99: seconds(this.#histogram.percentile(99)), max: seconds(this.#histogram.max) }
  }
}
