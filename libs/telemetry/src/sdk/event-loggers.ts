import { context, type HrTime, isSpanContextValid, type Logger, type LoggerProvider, type LogRecord, trace } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { scopeName, scopeVersion } from '../scope.ts'
import type { BatchQueue } from './batch-queue.ts'

/**
 * The loggers of this process: this package's own puts events into the queue as they are, everyone else's is the SDK's.
 * The SDK checks and copies every attribute of a record; those of an event were checked when they were set, and belong to nobody else.
 */
export class EventLoggers implements LoggerProvider {
  readonly #others: LoggerProvider
  readonly #events: EventLogger

  constructor(others: LoggerProvider, resource: Resource, queue: BatchQueue<ReadableLogRecord>) {
    this.#others = others
    this.#events = new EventLogger(resource, queue)
  }

  getLogger(...args: Parameters<LoggerProvider['getLogger']>): Logger {
    return args[0] === scopeName ? this.#events : this.#others.getLogger(...args)
  }
}

class EventLogger implements Logger {
  readonly #resource: Resource
  readonly #queue: BatchQueue<ReadableLogRecord>
  readonly #scope = { name: scopeName, version: scopeVersion }

  constructor(resource: Resource, queue: BatchQueue<ReadableLogRecord>) {
    this.#resource = resource
    this.#queue = queue
  }

  enabled(): boolean {
    return this.#queue.open
  }

  emit({ eventName, severityNumber, severityText, body, attributes, context: own }: LogRecord): void {
    const ms = Date.now()
    const hrTime: HrTime = [Math.trunc(ms / 1000), (ms % 1000) * 1_000_000]
    const event: { -readonly [key in keyof ReadableLogRecord]: ReadableLogRecord[key] } = {
      hrTime,
      hrTimeObserved: hrTime,
      resource: this.#resource,
      instrumentationScope: this.#scope,
      attributes: attributes ?? {},
      droppedAttributesCount: 0,
    }
    if (eventName !== undefined) event.eventName = eventName
    if (severityNumber !== undefined) event.severityNumber = severityNumber
    if (severityText !== undefined) event.severityText = severityText
    if (body !== undefined) event.body = body
    const spanContext = trace.getSpanContext(own ?? context.active())
    if (spanContext !== undefined && isSpanContextValid(spanContext)) event.spanContext = spanContext
    this.#queue.add(event)
  }
}
