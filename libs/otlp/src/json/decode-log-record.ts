import type { LogRecord } from '../record/records.ts'
import { readAnyValue, readAttributes } from './decode-attributes.ts'
import type { JsonObject, JsonReader } from './json-reader.ts'

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const SEVERITY_NAMES = [
  'SEVERITY_NUMBER_UNSPECIFIED',
  ...LEVELS.flatMap((level) => ['', '2', '3', '4'].map((step) => `SEVERITY_NUMBER_${level}${step}`)),
]

/** Decodes the JSON of a LogRecord. */
export function decodeJsonLogRecord(reader: JsonReader, log: JsonObject): LogRecord {
  return {
    timeUnixNano: reader.uint64(log, 'timeUnixNano'),
    observedTimeUnixNano: reader.uint64(log, 'observedTimeUnixNano'),
    severityNumber: reader.enumeration(log, 'severityNumber', SEVERITY_NAMES),
    severityText: reader.string(log, 'severityText'),
    body: readAnyValue(reader, log, 'body'),
    attributes: readAttributes(reader, log),
    flags: reader.uint32(log, 'flags'),
    traceId: reader.id(log, 'traceId', 16),
    spanId: reader.id(log, 'spanId', 8),
    eventName: reader.string(log, 'eventName'),
  }
}
