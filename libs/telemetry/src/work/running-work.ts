import { type Attributes, type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions'
import { eventLogger, workTracer } from '../scope.ts'
import { workStorage } from './current-work.ts'
import { eventLimits } from './limits.ts'
import type { UnitOfWorkOptions, WorkKind } from './options.ts'
import { severityOf } from './outcome.ts'
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
  readonly #recorded: RecordedWork | undefined
  readonly #context: Context
  #ended = false

  constructor(name: string, options: UnitOfWorkOptions = {}) {
    const parent = options.parent ?? context.active()
    this.#recorded = eventLogger().enabled({ context: parent, eventName: name })
      ? new RecordedWork(name, { limits: { ...eventLimits, ...options.limits }, redactNames: options.redactNames, now: options.now ?? now })
      : undefined
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

  /** Runs a function in the context of the work: `currentWork()` and the active span are this one's. */
  run<T>(fn: (work: Work) => T): T {
    const inSpan = (): T => (this.span === undefined && this.#context === context.active() ? fn(this.work) : context.with(this.#context, fn, undefined, this.work))
    return workStorage.run(this.work, inSpan)
  }

  /**
   * Ends the work, once: sets the span's status, emits the event, ends the span. Later calls do nothing.
   *
   * @param summary - the event's body, a short sentence; by default the name and the outcome.
   */
  end(summary?: string): void {
    if (this.#ended) return
    this.#ended = true
    const ended = this.#recorded?.end()
    if (ended !== undefined) {
      const { outcome, error, attributes } = ended
      if (error !== undefined) this.span?.setAttribute(ATTR_ERROR_TYPE, error.type)
      if (outcome === 'error') this.span?.setStatus({ code: SpanStatusCode.ERROR, ...(error !== undefined && { message: error.message }) })
      const { number: severityNumber, text: severityText } = severityOf[outcome]
      const eventName = this.work.name
      eventLogger().emit({ eventName, severityNumber, severityText, body: summary ?? `${eventName} ${outcome}`, attributes, context: this.#context })
    }
    this.span?.end()
  }

  /** Ends it as failed with what was thrown. The span says so also when nothing listens for events. */
  endWith(error: unknown): void {
    this.work.fail(error)
    this.work.outcome('error')
    if (this.#recorded === undefined) this.span?.setStatus({ code: SpanStatusCode.ERROR })
    this.end()
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
