import { type ExportResult, ExportResultCode } from '@opentelemetry/core'

/** What spans' and events' exporters have in common. */
interface Exporter<T> {
  export(items: T[], done: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

/** An exporter that can be told to give up, so that a queue whose receiver is away does not keep a process alive that wants to end. */
export class StoppableExporter<T> implements Exporter<T> {
  readonly #inner: Exporter<T>
  #stopped = false

  constructor(inner: Exporter<T>) {
    this.#inner = inner
  }

  /** From now on every export fails at once. One that is under way runs into its own deadline. */
  stop(): void {
    this.#stopped = true
  }

  export(items: T[], done: (result: ExportResult) => void): void {
    if (this.#stopped) done({ code: ExportResultCode.FAILED, error: new Error('the deadline of the shutdown passed') })
    else this.#inner.export(items, done)
  }

  async forceFlush(): Promise<void> {
    if (!this.#stopped) await this.#inner.forceFlush?.()
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown()
  }
}
