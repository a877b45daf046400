import { type Context, SeverityNumber, type Span, trace } from '@opentelemetry/api'
import { eventLogger } from '../scope.ts'
import { severityOf } from '../work/outcome.ts'
import type { ClosedWork, RecordedWork } from '../work/recorded-work.ts'
import type { EndReason } from './end-reason.ts'
import { eventPolicy } from './event-policy.ts'

/** Attribute of events and spans: how many units of work this one stands for. Absent when 1; on a span, 0 says that it is not kept. */
export const sampleRateAttribute = 'SampleRate'
/** Name of the event of work that still runs. */
export const heartbeatEventName = 'work.heartbeat'

/** A unit of work that has ended, and what to say about it. */
export interface WorkEmission {
  readonly work: RecordedWork
  readonly closed: ClosedWork
  readonly summary: string | undefined
  readonly reason: EndReason | undefined
  readonly context: Context
  readonly span: Span | undefined
}

/** Emits the event of a unit of work, unless the policy leaves it out. */
export function emitWork({ work, closed, summary, reason, context, span }: WorkEmission): void {
  const policy = eventPolicy()
  const { name } = work
  const { outcome, durationMs } = closed
  const errorType = closed.error?.type
  const traceId = policy.sampling.all ? undefined : trace.getSpanContext(context)?.traceId
  const { weight, suppressed } = policy.decide({ name, outcome, durationMs, errorType, traceId })
  // The span and the event of one unit of work stay or go together; a failure that a flood holds back keeps its span.
  if (!policy.sampling.all) span?.setAttribute(sampleRateAttribute, policy.sampling.weight(outcome, durationMs, traceId))
  if (weight === 0) return
  const attributes = work.attributes(closed)
  if (weight > 1) attributes[sampleRateAttribute] = weight
  if (suppressed > 0) attributes['work.suppressed_events'] = suppressed
  if (reason !== undefined) attributes['work.end_reason'] = reason
  const { number: severityNumber, text: severityText } = severityOf[outcome]
  eventLogger().emit({ eventName: name, severityNumber, severityText, body: summary ?? `${name} ${outcome}`, attributes, context })
}

/** Emits an event that says that a unit of work still runs, with what it knows so far. It has a name of its own, so that counts stay right. */
export function emitHeartbeat(work: RecordedWork, sequence: number, context: Context): void {
  const attributes = { ...work.attributes(), 'work.name': work.name, 'work.heartbeat': sequence }
  eventLogger().emit({ eventName: heartbeatEventName, severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: `${work.name} still runs`, attributes, context })
}
