import { context, type MeterProvider } from '@opentelemetry/api'
import { type ExportResult, ExportResultCode, suppressTracing } from '@opentelemetry/core'
import { type QueueMetrics, queueMetrics } from './queue-metrics.ts'

/** What the exporters of spans and of events have in common. */
export interface Exporter<T> {
  export(items: T[], done: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

/** What a {@link BatchQueue} is made with. */
export interface BatchQueueOptions<T> {
  readonly exporter: Exporter<T>
  /** `span` or `log`: part of the names of the metrics. */
  readonly signal: 'span' | 'log'
  readonly maxQueueSize: number
  readonly maxBatchSize: number
  readonly exportDelayMs: number
  readonly exportTimeoutMs: number
  readonly meterProvider: MeterProvider
  /** Called before an export. */
  readonly onExport?: () => void
  /** Called after an export that worked. */
  readonly onExported?: () => void
}

/**
 * Waiting records, bounded. When it is full the oldest makes room, because what happens now is worth more than what happened before;
 * OpenTelemetry's own batch processors drop the newest. Batches go out one after another. Retries are the exporter's.
 */
export class BatchQueue<T> {
  readonly #options: BatchQueueOptions<T>
  readonly #metrics: QueueMetrics
  /** A ring: `#size` records from `#head` on. */
  readonly #ring: (T | undefined)[] = []
  #head = 0
  #size = 0
  #added = 0
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  #exporting: Promise<void> | undefined
  #batch: T[] = []
  #state: 'open' | 'stopped' | 'shut' = 'open'

  constructor(options: BatchQueueOptions<T>) {
    this.#options = options
    this.#metrics = queueMetrics(options.meterProvider, options.signal, options.maxQueueSize, () => this.#size)
  }

  /** Records that were dropped because the queue was full or an export failed for good, since the start. */
  get dropped(): number {
    return this.#dropped
  }

  /** Whether it takes records. */
  get open(): boolean {
    return this.#state !== 'shut'
  }

  add(item: T): void {
    if (this.#state === 'shut') return
    const { maxQueueSize, maxBatchSize, exportDelayMs } = this.#options
    if (this.#size === maxQueueSize) {
      this.#take()
      this.#dropped++
      this.#metrics.processed(1, 'queue_full')
    }
    this.#ring[(this.#head + this.#size) % maxQueueSize] = item
    this.#size++
    this.#added++
    if (this.#exporting !== undefined) return
    if (this.#size >= maxBatchSize) void this.#exportNext()
    else this.#timer ??= setTimeout(() => void this.#exportNext(), exportDelayMs).unref()
  }

  /** Sends what waits now, whether or not it arrives. */
  async flush(): Promise<void> {
    const until = this.#added
    while (this.#exporting !== undefined || (this.#size > 0 && this.#added - this.#size < until)) await this.#exportNext()
  }

  /** From now on every export fails at once, so that a queue whose receiver is away does not keep a process alive. */
  stop(): void {
    if (this.#state === 'open') this.#state = 'stopped'
  }

  /** Sends what waits, then closes the exporter. Records that come later are ignored. */
  async shutdown(): Promise<void> {
    await this.flush()
    this.#state = 'shut'
    this.#metrics.close()
    await this.#options.exporter.shutdown()
  }

  /** Takes out everything, for a process that ends at once: the batch that is under way, whose fate is not known, and what waits. */
  takeAll(): { readonly underWay: readonly T[]; readonly waiting: readonly T[] } {
    this.#state = 'shut'
    const waiting: T[] = []
    while (this.#size > 0) waiting.push(this.#take())
    return { underWay: this.#batch, waiting }
  }

  #take(): T {
    const item = this.#ring[this.#head]!
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#options.maxQueueSize
    this.#size--
    return item
  }

  #exportNext(): Promise<void> {
    this.#exporting ??= this.#export().finally(() => {
      this.#exporting = undefined
      this.#batch = []
      if (this.#size >= this.#options.maxBatchSize) void this.#exportNext()
      else if (this.#size > 0) this.#timer ??= setTimeout(() => void this.#exportNext(), this.#options.exportDelayMs).unref()
    })
    return this.#exporting
  }

  /** Never rejects. */
  async #export(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Not in the middle of the unit of work that filled the batch.
    await new Promise((resolve) => setImmediate(resolve))
    const batch: T[] = []
    while (this.#size > 0 && batch.length < this.#options.maxBatchSize) batch.push(this.#take())
    if (batch.length === 0) return
    this.#batch = batch
    this.#options.onExport?.()
    const error = this.#state === 'stopped' ? 'shutdown_deadline' : await this.#send(batch)
    this.#metrics.processed(batch.length, error)
    if (error === undefined) this.#options.onExported?.()
    else this.#dropped += batch.length
  }

  /** The type of the error, or `undefined` when it arrived. */
  #send(batch: T[]): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve('timeout'), this.#options.exportTimeoutMs)
      const done = (result: ExportResult): void => {
        clearTimeout(timer)
        resolve(result.code === ExportResultCode.SUCCESS ? undefined : (result.error?.name ?? 'Error'))
      }
      try {
        context.with(suppressTracing(context.active()), () => this.#options.exporter.export(batch, done))
      } catch (error) {
        done({ code: ExportResultCode.FAILED, error: error instanceof Error ? error : new Error(String(error)) })
      }
    })
  }
}
