import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { IngestError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { ExportHead, RequestHandler } from '../otlp-http/export-handler.ts'
import { queueFull, readBody } from '../otlp-http/read-body.ts'
import { endpoints, type SignalEndpoint } from '../otlp-http/signal.ts'
import { type EventsFormat, readEvents, type ReadEvents } from './read-events.ts'

/** Under `/v1`. */
export const EVENTS_PATH = '/events'

/** What a body of events can be sent as. */
const FORMATS: ReadonlyMap<string, EventsFormat> = new Map([['application/json', 'array'], ['application/x-ndjson', 'lines'], ['application/jsonl', 'lines']])

const eventsEndpoint: SignalEndpoint = { ...endpoints.find(({ signal }) => signal === 'logs')!, path: EVENTS_PATH, mediaTypes: [...FORMATS.keys()] }

/** The answer to a body of events. */
export interface EventsAnswer {
  readonly accepted: number
  readonly rejected: number
  /** One for each event, in the order of the request. */
  readonly items: readonly ({ readonly status: 'accepted' } | { readonly status: 'rejected'; readonly field: string; readonly message: string })[]
}

/** Why a request with events is refused, where its head says so. */
export function refusalOfEvents(handler: Pick<RequestHandler, 'refusal'>, { headers }: IncomingMessage): IngestError | undefined {
  return handler.refusal(eventsEndpoint, headOf(headers))
}

/**
 * Takes plain events. They become log records with an event name, and are authenticated, admitted, stored and counted as such.
 *
 * @throws IngestError or OtlpError that says what to answer.
 */
export async function handleEvents(handler: Pick<RequestHandler, 'handle'>, ledger: Ledger, request: IncomingMessage): Promise<{ readonly answer: EventsAnswer; readonly receipt: string | undefined }> {
  const format = formatOf(request.headers)
  let events: ReadEvents | undefined
  const { accepted, receipt, tenantId } = await handler.handle(eventsEndpoint, {
    ...headOf(request.headers),
    async read(limitBytes, reservation, times) {
      // Without a format it has been refused.
      events = readEvents(await readBody(request, limitBytes, reservation), format!, times)
      if (!reservation.resize(events.request.length)) throw queueFull()
      return events.request
    },
    isAwaited: () => !request.socket.destroyed,
  })
  const problems = events?.problems ?? []
  const rejected = problems.filter((problem) => problem !== undefined).length
  if (rejected > 0) {
    const whose = { tenantId, signal: 'logs' } as const
    ledger.received(whose, rejected)
    ledger.rejected(whose, 'invalid_event', rejected)
  }
  const items = problems.map((problem) => (problem === undefined ? { status: 'accepted' as const } : { status: 'rejected' as const, ...problem }))
  return { answer: { accepted, rejected, items }, receipt }
}

function formatOf(headers: IncomingHttpHeaders): EventsFormat | undefined {
  return FORMATS.get(headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '')
}

function headOf(headers: IncomingHttpHeaders): ExportHead {
  return { headers, priority: 'high', encoding: formatOf(headers) === undefined ? undefined : 'json' }
}
