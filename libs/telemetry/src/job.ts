import { messageHandler, type MessageHandlerOptions } from './message.ts'

/** What this module uses of a job of BullMQ, or of a queue like it. */
export interface Job {
  readonly id?: string | undefined
  readonly name: string
  readonly queueName: string
  /** When it was added. Milliseconds since 1970. */
  readonly timestamp: number
  /** How often it was tried before. */
  readonly attemptsMade: number
  readonly data: unknown
}

/**
 * Wraps the processor of a BullMQ-style worker: each try of a job is a unit of work named `job.<name of the job>`. A job whose data has
 * `traceparent`, as `{ ...data, ...messageHeaders() }` gives it, continues the trace of who added it.
 */
export function jobHandler<J extends Job, A extends unknown[], T>(
  process: (job: J, ...rest: A) => T,
  options: Pick<MessageHandlerOptions<J>, 'limits' | 'redactNames' | 'now'> = {},
): (job: J, ...rest: A) => T {
  return (job, ...rest) => {
    const handle = messageHandler<J, A, T>(`job.${job.name}`, { ...options, system: 'bullmq', destination: job.queueName, facts }, process)
    return handle(job, ...rest)
  }
}

function facts({ id, timestamp, attemptsMade, data }: Job): ReturnType<NonNullable<MessageHandlerOptions<Job>['facts']>> {
  return { ...(id !== undefined && { id }), sentAtMs: timestamp, deliveries: attemptsMade + 1, headers: traceHeaders(data) }
}

function traceHeaders(data: unknown): Record<string, string> {
  const headers: Record<string, string> = {}
  if (typeof data !== 'object' || data === null) return headers
  for (const [name, value] of Object.entries(data)) {
    if ((name === 'traceparent' || name === 'tracestate' || name === 'baggage') && typeof value === 'string') headers[name] = value
  }
  return headers
}
