import type { KeyValue } from '../record/any-value.ts'
import type { ResourceRecords, Scope, ScopeRecords, Sourced } from '../record/records.ts'
import { decodeResource, decodeScope } from './decode-attributes.ts'
import { LEN, WireReader } from './wire-reader.ts'

/**
 * Decodes an export request: the envelope has the same field numbers in every signal.
 * Fields may come in any order and may be split; parts of one message are merged.
 */
export function decodeEnvelope<R>(body: Uint8Array, decodeRecord: (bytes: Uint8Array) => R): readonly ResourceRecords<R>[] {
  const reader = new WireReader(body)
  const groups: ResourceRecords<R>[] = []
  while (reader.next()) {
    if (reader.tag === ((1 << 3) | LEN)) groups.push(decodeResourceRecords(reader.bytes(), decodeRecord))
    else reader.skip()
  }
  return groups
}

function decodeResourceRecords<R>(bytes: Uint8Array, decodeRecord: (bytes: Uint8Array) => R): ResourceRecords<R> {
  const reader = new WireReader(bytes)
  const attributes: KeyValue[] = []
  const scopes: ScopeRecords<R>[] = []
  let schemaUrl = ''
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        for (const attribute of decodeResource(reader.bytes())) attributes.push(attribute)
        break
      case (2 << 3) | LEN:
        scopes.push(decodeScopeRecords(reader.bytes(), decodeRecord))
        break
      case (3 << 3) | LEN:
        schemaUrl = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return { attributes, schemaUrl, scopes }
}

function decodeScopeRecords<R>(bytes: Uint8Array, decodeRecord: (bytes: Uint8Array) => R): ScopeRecords<R> {
  const reader = new WireReader(bytes)
  const records: Sourced<R>[] = []
  let scope: Scope = { name: '', version: '', attributes: [] }
  let schemaUrl = ''
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        scope = decodeScope(reader.bytes(), scope)
        break
      case (2 << 3) | LEN: {
        const raw = reader.bytes()
        records.push({ record: decodeRecord(raw), raw: () => raw })
        break
      }
      case (3 << 3) | LEN:
        schemaUrl = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return { scope, schemaUrl, records }
}
