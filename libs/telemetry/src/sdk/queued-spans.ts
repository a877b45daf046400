import { SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { hrTimeToMilliseconds } from '@opentelemetry/core'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import { sampleRateAttribute } from '../emission/emit.ts'
import type { Sampling } from '../emission/sampling.ts'
import type { BatchQueue } from './batch-queue.ts'

/** Puts the spans that are kept into a queue. The unit of work decides about its own span; the same rule decides about the others. */
export class QueuedSpans implements SpanProcessor {
  readonly #queue: BatchQueue<ReadableSpan>
  readonly #sampling: Sampling

  constructor(queue: BatchQueue<ReadableSpan>, sampling: Sampling) {
    this.#queue = queue
    this.#sampling = sampling
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const spanContext = span.spanContext()
    if ((spanContext.traceFlags & TraceFlags.SAMPLED) === 0) return
    if (!this.#sampling.all) {
      const decided = span.attributes[sampleRateAttribute]
      const failed = span.status.code === SpanStatusCode.ERROR
      const weight = typeof decided === 'number' ? decided : this.#sampling.spanWeight(failed, hrTimeToMilliseconds(span.duration), spanContext.traceId)
      if (weight === 0) return
      span.attributes[sampleRateAttribute] = weight
    }
    this.#queue.add(span)
  }

  forceFlush(): Promise<void> {
    return this.#queue.flush()
  }

  shutdown(): Promise<void> {
    return this.#queue.shutdown()
  }
}
