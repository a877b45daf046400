import { isUtf8 } from 'node:buffer'
import type { TimeBounds } from '@ballast/otlp'
import { IngestError } from '../errors.ts'
import { type EventProblem, readEvent } from './event.ts'

/** Most events of one request. */
const MAX_EVENTS = 10_000

/** Largest event, characters of the log record that it becomes. */
const MAX_EVENT_LENGTH = 256 * 1024

/** How events are written in a body. */
export type EventsFormat = 'array' | 'lines'

/** A body of events, read. */
export interface ReadEvents {
  /** `ExportLogsServiceRequest` in JSON, with the events that can be taken. */
  readonly request: Buffer
  /** One entry for each event, in order: what is wrong with it, or `undefined`. */
  readonly problems: readonly (EventProblem | undefined)[]
}

/**
 * Turns plain events into a request of OTLP: from there on an event is a log record like any other.
 *
 * @throws IngestError BAD_REQUEST when the body as a whole holds no events.
 */
export function readEvents(body: Uint8Array, format: EventsFormat, times: TimeBounds): ReadEvents {
  if (!isUtf8(body)) throw new IngestError('BAD_REQUEST', 'the body is not UTF-8.')
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
  const items = format === 'array' ? arrayOf(text) : linesOf(text)
  if (items.length > MAX_EVENTS) throw new IngestError('BAD_REQUEST', `the body holds ${items.length} events; send at most ${MAX_EVENTS} at once.`)
  const byService = new Map<string, string[]>()
  const problems = items.map((item) => {
    const event = item instanceof SyntaxError ? { field: '', message: `is not JSON: ${item.message}` } : readEvent(item, times)
    if ('field' in event) return event
    const record = JSON.stringify(event.logRecord)
    if (record.length > MAX_EVENT_LENGTH) return { field: '', message: `is larger than ${MAX_EVENT_LENGTH} characters` }
    const records = byService.get(event.service)
    if (records === undefined) byService.set(event.service, [record])
    else records.push(record)
    return undefined
  })
  const groups = [...byService].map(([service, records]) => `{"resource":{"attributes":${resourceOf(service)}},"scopeLogs":[{"logRecords":[${records.join(',')}]}]}`)
  return { request: Buffer.from(`{"resourceLogs":[${groups.join(',')}]}`), problems }
}

function resourceOf(service: string): string {
  return service === '' ? '[]' : JSON.stringify([{ key: 'service.name', value: { stringValue: service } }])
}

function arrayOf(text: string): readonly unknown[] {
  let parsed: unknown
  try {
    parsed = text.trim() === '' ? [] : JSON.parse(text)
  } catch (error) {
    throw new IngestError('BAD_REQUEST', `the body is not JSON: ${(error as Error).message}.`, { cause: error })
  }
  if (!Array.isArray(parsed)) throw new IngestError('BAD_REQUEST', 'the body is not an array of events; send [{"name":"…"}], or one event a line as application/x-ndjson.')
  return parsed
}

/** One event a line; a line that is not JSON costs that event alone. */
function linesOf(text: string): readonly unknown[] {
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => {
    try {
      return JSON.parse(line) as unknown
    } catch (error) {
      return error as SyntaxError
    }
  })
}
