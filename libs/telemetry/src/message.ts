import { context, propagation } from '@opentelemetry/api'
import type { UnitOfWorkOptions } from './work/options.ts'
import { unitOfWork } from './work/unit-of-work.ts'
import type { FieldValue } from './work/work.ts'

/** What a unit of work says about a message. */
export interface MessageFacts {
  /** Id of the message. */
  readonly id?: string
  /** When it was sent, for the time that it waited. Milliseconds since 1970. */
  readonly sentAtMs?: number
  /** How often it was delivered, this time included. */
  readonly deliveries?: number
  /** Its headers, of which the trace context is taken. Values that are bytes are read as text. */
  readonly headers?: Readonly<Record<string, string | Uint8Array | undefined>>
}

/** Options of {@link messageHandler}. */
export interface MessageHandlerOptions<M> extends Pick<UnitOfWorkOptions, 'limits' | 'redactNames' | 'fields'> {
  /** `messaging.system`, e.g. `kafka`, `rabbitmq`, `redis`. */
  readonly system: string
  /** `messaging.destination.name`: the queue or topic. */
  readonly destination: string
  /** What is known about a message. @default nothing */
  readonly facts?: (message: M) => MessageFacts
  /** The time. Milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/**
 * Wraps the handler of a queue's consumer: each message is a unit of work named `name`, in the trace of who sent it, with OpenTelemetry's
 * messaging attributes and the time that it waited. What the handler returns or throws is passed on, so that the queue can retry.
 */
export function messageHandler<M, A extends unknown[], T>(
  name: string,
  options: MessageHandlerOptions<M>,
  handle: (message: M, ...rest: A) => T,
): (message: M, ...rest: A) => T {
  const { system, destination, facts, now = Date.now, fields, ...rest } = options
  return (message, ...others) => {
    const { id, sentAtMs, deliveries, headers = {} } = facts?.(message) ?? {}
    const known: Record<string, FieldValue> = {
      ...fields,
      'messaging.system': system,
      'messaging.destination.name': destination,
      'messaging.operation.type': 'process',
      'messaging.message.id': id,
      'messaging.message.deliveries': deliveries,
      'messaging.message.waited_ms': sentAtMs === undefined ? undefined : Math.max(0, now() - sentAtMs),
    }
    const parent = propagation.extract(context.active(), headers, { keys: Object.keys, get: textOf })
    return unitOfWork(name, { ...rest, fields: known, kind: 'consumer', spanName: `process ${destination}`, parent }, () => handle(message, ...others))
  }
}

/** The headers that carry the current trace to whoever takes the message; add them to what is sent. */
export function messageHeaders(): Record<string, string> {
  const headers: Record<string, string> = {}
  propagation.inject(context.active(), headers)
  return headers
}

function textOf(headers: NonNullable<MessageFacts['headers']>, name: string): string | undefined {
  const value = headers[name]
  return value instanceof Uint8Array ? Buffer.from(value).toString() : value
}
