import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { BatchQueue } from './batch-queue.ts'

/** Puts events into a queue. */
export class QueuedEvents implements LogRecordProcessor {
  readonly #queue: BatchQueue<ReadableLogRecord>

  constructor(queue: BatchQueue<ReadableLogRecord>) {
    this.#queue = queue
  }

  onEmit(event: ReadableLogRecord): void {
    this.#queue.add(event)
  }

  forceFlush(): Promise<void> {
    return this.#queue.flush()
  }

  shutdown(): Promise<void> {
    return this.#queue.shutdown()
  }
}
