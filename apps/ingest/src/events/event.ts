import type { TimeBounds } from '@ballast/otlp'

/** Deepest nesting of a value in `attributes`. */
const MAX_DEPTH = 16

/** Longest name, characters. */
const MAX_NAME_LENGTH = 256

/** Last time that the tables can hold, 2106, nanoseconds since 1970. */
const MAX_NANOS = 4_294_967_295n * 1_000_000_000n

const SEVERITIES: Readonly<Record<string, number>> = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 }

const FIELDS = ['name', 'service', 'time', 'severity', 'message', 'traceId', 'spanId', 'attributes'] as const

/** What is wrong with an event, and in which field; the field is empty when it is the event as a whole. */
export interface EventProblem {
  readonly field: string
  readonly message: string
}

/** An event as a log record of OTLP's JSON. */
export interface EventRecord {
  readonly service: string
  readonly logRecord: object
}

/** A field that cannot be taken. */
class FieldError extends Error implements EventProblem {
  readonly field: string

  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

/** Reads one event, whose time must lie in `times`. */
export function readEvent(item: unknown, times: TimeBounds): EventRecord | EventProblem {
  try {
    return recordOf(item, times)
  } catch (error) {
    if (error instanceof FieldError) return { field: error.field, message: error.message }
    throw error
  }
}

function recordOf(item: unknown, times: TimeBounds): EventRecord {
  if (!isObject(item)) throw new FieldError('', 'an event is a JSON object with a name')
  const unknown = Object.keys(item).find((key) => !(FIELDS as readonly string[]).includes(key))
  if (unknown !== undefined) throw new FieldError(unknown, `is no field of an event (${FIELDS.join(', ')}); put it into attributes`)
  const { name, service, time, severity, message, traceId, spanId, attributes } = item
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) throw new FieldError('name', `must be a text of 1 to ${MAX_NAME_LENGTH} characters`)
  return {
    service: text('service', service) ?? '',
    logRecord: {
      eventName: name,
      ...(isSet(time) && { timeUnixNano: nanos(time, times).toString() }),
      severityNumber: severityNumber(severity),
      ...(isSet(message) && { body: { stringValue: text('message', message) } }),
      ...(isSet(traceId) && { traceId: id('traceId', traceId, 32) }),
      ...(isSet(spanId) && { spanId: id('spanId', spanId, 16) }),
      ...(isSet(attributes) && { attributes: keyValues('attributes', attributes, 0) }),
    },
  }
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(field: string, value: unknown): string | undefined {
  if (!isSet(value)) return undefined
  if (typeof value !== 'string') throw new FieldError(field, 'must be a text')
  return value
}

function id(field: string, value: unknown, digits: number): string {
  if (typeof value !== 'string' || value.length !== digits || !/^[0-9a-f]+$/i.test(value)) throw new FieldError(field, `must be ${digits} hexadecimal digits`)
  return value
}

function severityNumber(value: unknown): number {
  const number = isSet(value) ? SEVERITIES[String(value).toUpperCase()] : SEVERITIES['INFO']
  if (number === undefined) throw new FieldError('severity', `must be one of ${Object.keys(SEVERITIES).join(', ')}`)
  return number
}

/** RFC 3339 with up to nine decimals, or milliseconds since 1970. */
function nanos(value: unknown, { oldestUnixNano, newestUnixNano }: TimeBounds): bigint {
  const time = Number.isFinite(value) ? BigInt(Math.round((value as number) * 1000)) * 1000n : typeof value === 'string' ? fromRfc3339(value) : undefined
  if (time === undefined) throw new FieldError('time', 'must be a time such as 2026-11-21T12:00:00.123456789Z, or milliseconds since 1970')
  const newest = newestUnixNano < MAX_NANOS ? newestUnixNano : MAX_NANOS
  if (time < oldestUnixNano || time > newest) throw new FieldError('time', `must lie between ${iso(oldestUnixNano)} and ${iso(newest)}`)
  return time
}

function iso(unixNano: bigint): string {
  return new Date(Number(unixNano / 1_000_000n)).toISOString()
}

function fromRfc3339(value: string): bigint | undefined {
  const [, seconds, decimals = '', zone] = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/.exec(value) ?? []
  const ms = Date.parse(`${seconds}${zone}`.toUpperCase())
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(decimals.padEnd(9, '0'))
}

function keyValues(path: string, value: unknown, depth: number): readonly object[] {
  if (!isObject(value)) throw new FieldError(path, 'must be an object')
  return Object.entries(value).map(([key, each]) => ({ key, value: anyValue(`${path}.${key}`, each, depth) }))
}

function anyValue(path: string, value: unknown, depth: number): object {
  if (depth > MAX_DEPTH) throw new FieldError(path.slice(0, 200), `nests deeper than ${MAX_DEPTH} levels`)
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: Number.isFinite(value) ? value : String(value) }
  if (Array.isArray(value)) return { arrayValue: { values: value.map((each, index) => anyValue(`${path}[${index}]`, each, depth + 1)) } }
  return { kvlistValue: { values: keyValues(path, value, depth + 1) } }
}
