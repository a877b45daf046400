import type { OtlpError } from '@ballast/otlp'
import { IngestError } from '../errors.ts'
import type { ExportHead, ExportRequest, RequestHandler } from '../otlp-http/export-handler.ts'
import type { ExportOutcome } from '../idempotency/export-outcome.ts'
import type { SignalEndpoint } from '../otlp-http/signal.ts'

/** Between two times that events are written, milliseconds. */
const WRITE_MS = 1_000

/** One unit of work of ingest: one request. Fields are named as `@ballast/telemetry` names those of other services. */
interface RequestEvent {
  readonly time: number
  readonly severity: 'INFO' | 'WARN' | 'ERROR'
  readonly attributes: Record<string, string | number>
}

type Outcome = 'ok' | 'rejected' | 'error'

const SEVERITIES: Readonly<Record<Outcome, RequestEvent['severity']>> = { ok: 'INFO', rejected: 'WARN', error: 'ERROR' }

/** What is kept of the events of one second: a fair draw of a stream (Vitter 1985, algorithm R). */
class Reservoir {
  readonly #size: number
  readonly #random: () => number
  #events: RequestEvent[] = []
  #seen = 0

  constructor(size: number, random: () => number) {
    this.#size = size
    this.#random = random
  }

  add(event: RequestEvent): void {
    this.#seen++
    if (this.#events.length < this.#size) this.#events.push(event)
    else {
      const at = Math.floor(this.#random() * this.#seen)
      if (at < this.#size) this.#events[at] = event
    }
  }

  /** All of them, each with how many it stands for. */
  takeAll(): readonly RequestEvent[] {
    const rate = Math.max(1, Math.round(this.#seen / Math.max(1, this.#events.length)))
    const events = this.#events
    if (rate > 1) for (const { attributes } of events) attributes['SampleRate'] = rate
    this.#events = []
    this.#seen = 0
    return events
  }
}

export interface RequestEventsOptions {
  readonly handler: RequestHandler
  /** Most events a second: half for requests that went well, half for the others. */
  readonly perSecond: number
  /** Puts a body of `/v1/events` into the journal, past everything that makes a request: that would be a loop. */
  readonly write: (events: Buffer) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

/** Tells of each request that ingest takes by an event, bounded however many there are; the events of ingest cause none themselves. */
export class RequestEvents implements RequestHandler {
  readonly #options: RequestEventsOptions
  readonly #good: Reservoir
  readonly #others: Reservoir
  readonly #timer: NodeJS.Timeout

  constructor(options: RequestEventsOptions) {
    this.#options = options
    const size = Math.ceil(options.perSecond / 2)
    this.#good = new Reservoir(size, options.random)
    this.#others = new Reservoir(size, options.random)
    this.#timer = setInterval(() => void this.flush(), WRITE_MS).unref()
  }

  refusal(endpoint: SignalEndpoint, head: ExportHead): IngestError | undefined {
    const tell = this.#begin(endpoint, head)
    const refusal = this.#options.handler.refusal(endpoint, head)
    if (refusal !== undefined) tell(...failureOf(refusal))
    return refusal
  }

  async handle(endpoint: SignalEndpoint, request: ExportRequest): Promise<ExportOutcome> {
    const tell = this.#begin(endpoint, request)
    try {
      const answer = await this.#options.handler.handle(endpoint, request)
      tell('ok', { 'ingest.tenant': answer.tenantId, 'ingest.records': answer.accepted, 'ingest.rejected': answer.rejected })
      return answer
    } catch (error) {
      tell(...failureOf(IngestError.from(error as IngestError | OtlpError)))
      throw error
    }
  }

  /** A request comes; returns what tells of its end. */
  #begin({ signal, path }: SignalEndpoint, { encoding }: ExportHead): (outcome: Outcome, more: RequestEvent['attributes']) => void {
    const time = this.#options.now()
    const startedAt = performance.now()
    return (outcome, more) => {
      const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000
      const attributes = { 'ingest.signal': signal, 'ingest.path': path, 'ingest.encoding': encoding ?? 'unknown', ...more, 'work.duration_ms': durationMs, 'work.outcome': outcome }
      ;(outcome === 'ok' ? this.#good : this.#others).add({ time, severity: SEVERITIES[outcome], attributes })
    }
  }

  /** Writes what there is. */
  async flush(): Promise<void> {
    const events = [...this.#good.takeAll(), ...this.#others.takeAll()]
    if (events.length === 0) return
    await this.#options.write(Buffer.from(JSON.stringify(events.map((event) => ({ name: 'ingest.request', service: 'ingest', ...event })))))
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }
}

/** Not the message: it may quote the body, which may hold secrets. */
function failureOf({ code, statusCode }: IngestError): [Outcome, RequestEvent['attributes']] {
  return [statusCode === 500 ? 'error' : 'rejected', { 'error.type': code, 'http.response.status_code': statusCode }]
}
