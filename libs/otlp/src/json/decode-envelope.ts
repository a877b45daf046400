import { OtlpError } from '../errors.ts'
import type { KeyValue } from '../record/any-value.ts'
import type { ResourceRecords, Scope } from '../record/records.ts'
import type { Tally } from '../record/tally.ts'
import { readAttributes } from './decode-attributes.ts'
import { type JsonObject, JsonReader } from './json-reader.ts'
import { jsonSource, parseJson } from './parse-json.ts'

/** JSON keys of one signal's envelope, from the outside in. */
export interface EnvelopeKeys {
  readonly resources: string
  readonly scopes: string
  readonly records: string
}

/** Keys of each signal's request, and where it goes. */
const ENDPOINTS: Readonly<Record<string, string>> = { resourceSpans: '/v1/traces', resourceLogs: '/v1/logs', resourceMetrics: '/v1/metrics' }

/** Decodes the JSON of an export request. An empty body is an empty request. */
export function decodeJsonEnvelope<R>(
  body: Uint8Array,
  keys: EnvelopeKeys,
  tally: Tally,
  decodeRecord: (reader: JsonReader, object: JsonObject) => R,
): readonly ResourceRecords<R>[] {
  if (body.length === 0) return []
  const reader = new JsonReader(tally)
  const request = reader.object(parseJson(body))
  checkEndpoint(request, keys, tally)
  return reader.list(request, keys.resources, (resource) => ({
    attributes: reader.field(resource, 'resource', (value): readonly KeyValue[] => readAttributes(reader, reader.object(value)), []),
    schemaUrl: reader.string(resource, 'schemaUrl'),
    scopes: reader.list(resource, keys.scopes, (scoped) => ({
      scope: reader.field(scoped, 'scope', (value) => readScope(reader, reader.object(value)), { name: '', version: '', attributes: [] }),
      schemaUrl: reader.string(scoped, 'schemaUrl'),
      records: reader.list(scoped, keys.records, (record) => ({
        record: decodeRecord(reader, record),
        raw: () => Buffer.from(jsonSource(record)),
      })),
    })),
  }))
}

function readScope(reader: JsonReader, object: JsonObject): Scope {
  return { name: reader.string(object, 'name'), version: reader.string(object, 'version'), attributes: readAttributes(reader, object) }
}

function checkEndpoint(request: JsonObject, keys: EnvelopeKeys, tally: Tally): void {
  if (Object.hasOwn(request, keys.resources)) return
  const other = Object.keys(ENDPOINTS).find((key) => Object.hasOwn(request, key))
  if (other !== undefined) {
    throw new OtlpError('WRONG_ENDPOINT', `${ENDPOINTS[keys.resources]} was sent ${other}; send it to ${ENDPOINTS[other]}.`)
  }
  // Unknown keys must be ignored, so this is no error; but whoever sent it should hear that nothing was found.
  if (Object.keys(request).length > 0) tally.warn('no_known_field')
}
