import { type Attributes, type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions'
import type { EndReason } from '../emission/end-reason.ts'
import { emitHeartbeat, emitWork } from '../emission/emit.ts'
import { openWorks } from '../emission/open-works.ts'
import { workEnded } from '../emission/work-listeners.ts'
import { eventLogger, workTracer } from '../scope.ts'
import { workStorage } from './current-work.ts'
import { FoldedWork } from './folded-work.ts'
import { eventLimits } from './limits.ts'
import type { UnitOfWorkOptions, WorkKind } from './options.ts'
import type { Outcome } from './outcome.ts'
import { RecordedWork } from './recorded-work.ts'
import { isSecretName, withoutSecrets } from './redaction.ts'
import { inertWork, type Work } from './work.ts'

const SPAN_KINDS: Readonly<Record<WorkKind, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}
/** How a unit of work is ended. */
export interface WorkEnd {
  /** Overrides what the work said itself. @default what it said, or `ok`, or `error` after `fail` */
  readonly outcome?: Outcome
  /** Body of the event, a short sentence. @default the name and the outcome */
  readonly summary?: string
}

const now = (): number => performance.now()

/**
 * A unit of work whose start and end lie in different places, as in a framework's hooks.
 * `unitOfWork` is the way where one function holds all of it.
 */
export class RunningWork {
  /** Inert when nothing listens for events. */
  readonly work: Work
  /** The span opened for it; `undefined` when none was asked for. */
  readonly span: Span | undefined
  readonly #recorded: RecordedWork | FoldedWork | undefined
  readonly #context: Context
  #heartbeats = 0
  #ended = false

  constructor(name: string, options: UnitOfWorkOptions = {}) {
    const parent = options.parent ?? context.active()
    if (eventLogger().enabled({ context: parent, eventName: name })) {
      const outer = options.fold === true ? workStorage.getStore() : undefined
      const clock = options.now ?? now
      const limits = options.limits === undefined ? eventLimits : { ...eventLimits, ...options.limits }
      this.#recorded = outer?.recording === true ? new FoldedWork(name, outer, clock) : new RecordedWork(name, { limits, redactNames: options.redactNames, now: clock })
      if (this.#recorded instanceof RecordedWork) openWorks.add(this)
    }
    this.work = this.#recorded ?? inertWork
    for (const field in options.fields) this.work.set(field, options.fields[field])
    if (options.span === false) {
      this.#context = parent
      return
    }
    const kind = SPAN_KINDS[options.kind ?? 'internal']
    this.span = workTracer().startSpan(options.spanName ?? name, { kind, attributes: spanAttributes(options) }, parent)
    this.#context = trace.setSpan(parent, this.span)
  }

  /** When it began, by its clock. Milliseconds. */
  get startedAtMs(): number {
    return this.#recorded?.startedAtMs ?? 0
  }

  /** Runs a function in the context of the work: `currentWork()` and the active span are this one's. */
  run<T>(fn: (work: Work) => T): T {
    const inSpan = (): T => (this.span === undefined && this.#context === context.active() ? fn(this.work) : context.with(this.#context, fn, undefined, this.work))
    return workStorage.run(this.work, inSpan)
  }

  /** Ends the work, once: sets the span's status, emits the event, ends the span. Later calls do nothing. */
  end(end: WorkEnd = {}): void {
    this.#end(end)
  }

  /** Ends it as failed with what was thrown. */
  endWith(error: unknown): void {
    this.work.fail(error)
    this.#end({ outcome: 'error' })
  }

  /** Emits an event that says that it still runs. */
  heartbeat(): void {
    if (this.#recorded instanceof RecordedWork && !this.#ended) emitHeartbeat(this.#recorded, ++this.#heartbeats, this.#context)
  }

  /** Ends it because the process ends: as failed with the error that ends the process, else as aborted. */
  abandon(reason: EndReason, error?: unknown): void {
    if (error !== undefined) this.work.fail(error)
    this.#end({ outcome: error === undefined ? 'aborted' : 'error' }, reason)
  }

  #end({ outcome, summary }: WorkEnd, reason?: EndReason): void {
    if (this.#ended) return
    this.#ended = true
    if (outcome !== undefined) this.work.outcome(outcome)
    const recorded = this.#recorded
    const closed = recorded?.close()
    if (closed?.error !== undefined) this.span?.setAttribute(ATTR_ERROR_TYPE, closed.error.type)
    if ((closed?.outcome ?? outcome) === 'error') this.span?.setStatus({ code: SpanStatusCode.ERROR, ...(closed?.error !== undefined && { message: withoutSecrets(closed.error.message) }) })
    if (closed !== undefined && recorded instanceof RecordedWork) {
      openWorks.delete(this)
      emitWork({ work: recorded, closed, summary, reason, context: this.#context, span: this.span })
      workEnded(recorded, closed.outcome)
    }
    this.span?.end()
  }
}

function spanAttributes({ fields, redactNames }: UnitOfWorkOptions): Attributes {
  const attributes: Attributes = {}
  for (const name in fields) {
    const value = fields[name]
    if (value === undefined || value === null || isSecretName(name, redactNames)) continue
    attributes[name] = typeof value === 'string' ? withoutSecrets(value) : typeof value === 'object' ? [...value] as string[] : value
  }
  return attributes
}
