import type { MeterProvider, ObservableResult } from '@opentelemetry/api'
import { scopeName, scopeVersion } from '../scope.ts'

/** What a queue counts. */
export interface QueueMetrics {
  /** Records left the queue. @param errorType - absent for those that arrived. */
  processed(count: number, errorType?: string): void
  /** The sizes are no longer observed. */
  close(): void
}

/** The instruments of OpenTelemetry's own conventions for an SDK's processors, under the same names. */
export function queueMetrics(provider: MeterProvider, signal: 'span' | 'log', capacity: number, size: () => number): QueueMetrics {
  const meter = provider.getMeter(scopeName, scopeVersion)
  const unit = signal === 'span' ? '{span}' : '{log_record}'
  const processed = meter.createCounter(`otel.sdk.processor.${signal}.processed`, { unit, description: 'Records that left the queue: sent, dropped or given up.' })
  const sizes = meter.createObservableUpDownCounter(`otel.sdk.processor.${signal}.queue.size`, { unit, description: 'Records that wait.' })
  const capacities = meter.createObservableUpDownCounter(`otel.sdk.processor.${signal}.queue.capacity`, { unit, description: 'Most records that can wait.' })
  const observeSize = (result: ObservableResult): void => result.observe(size())
  const observeCapacity = (result: ObservableResult): void => result.observe(capacity)
  sizes.addCallback(observeSize)
  capacities.addCallback(observeCapacity)
  return {
    processed: (count, errorType) => processed.add(count, errorType === undefined ? {} : { 'error.type': errorType }),
    close(): void {
      sizes.removeCallback(observeSize)
      capacities.removeCallback(observeCapacity)
    },
  }
}
