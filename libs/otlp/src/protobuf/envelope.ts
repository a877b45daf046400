import { isUtf8 } from 'node:buffer'
import { OtlpError } from '../errors.ts'
import type { Tally } from '../record/tally.ts'
import { orUnknownService } from '../rows/service-name.ts'
import type { GroupAttributes } from './group-attributes.ts'
import type { EnvelopeWriter, OnRecord, ResourceGroup, ScopeGroup } from './record-writer.ts'
import { LEN, VARINT, WireReader } from './wire-reader.ts'

/** Field 1 of the request is the resource groups; of a group, 1 is the resource or scope, 2 what it groups, 3 the schema's URL. */
const FIRST = (1 << 3) | LEN
const SECOND = (2 << 3) | LEN
const THIRD = (3 << 3) | LEN
const NAME = FIRST
const VERSION = SECOND
const DROPPED_ATTRIBUTES = (4 << 3) | VARINT

/**
 * Walks over an export request: the envelope has the same field numbers in every signal. Fields may come in any order and may be
 * split, so each message is gone over twice: first for what its records have in common, then for the records.
 */
export class Envelope {
  readonly #writer: EnvelopeWriter
  readonly #source: Buffer
  readonly #tally: Tally
  readonly #onRecord: OnRecord

  constructor(source: Buffer, writer: EnvelopeWriter, tally: Tally, onRecord: OnRecord) {
    this.#source = source
    this.#writer = writer
    this.#tally = tally
    this.#onRecord = onRecord
  }

  /** @throws OtlpError when the bytes are no such message, or a resource or scope cannot be stored. */
  walk(): void {
    for (const reader of this.#fields(FIRST, 0, this.#source.length)) {
      const { start, stop } = reader
      const resource = this.#resourceOf(start, stop)
      for (const scoped of this.#fields(SECOND, start, stop)) this.#scope(resource, scoped.start, scoped.stop)
    }
  }

  #scope(resource: ResourceGroup, start: number, stop: number): void {
    this.#writer.beginScope(resource, this.#scopeOf(start, stop))
    const reader = new WireReader().open(this.#source, start, stop)
    while (reader.next()) {
      if (reader.tag === SECOND) {
        reader.range()
        this.#onRecord(reader.start, reader.stop)
      } else reader.skip()
    }
  }

  #resourceOf(start: number, stop: number): ResourceGroup {
    const attributes = this.#writer.resourceAttributes
    attributes.begin()
    for (const resource of this.#fields(FIRST, start, stop)) this.#addAll(attributes, FIRST, resource.start, resource.stop)
    const row = attributes.take(this.#source, this.#tally)
    const group = {
      serviceName: orUnknownService(attributes.watchedText(row)),
      attributes: row,
      schemaUrl: this.#text(THIRD, start, stop) ?? '',
    }
    this.#refuseFlaw('a resource')
    return group
  }

  #scopeOf(start: number, stop: number): ScopeGroup {
    const attributes = this.#writer.scopeAttributes
    attributes?.begin()
    let name = ''
    let version = ''
    let droppedAttributes = 0
    let schemaUrl = ''
    const reader = new WireReader().open(this.#source, start, stop)
    while (reader.next()) {
      if (reader.tag === FIRST) {
        reader.range()
        name = this.#text(NAME, reader.start, reader.stop) ?? name
        version = this.#text(VERSION, reader.start, reader.stop) ?? version
        droppedAttributes = this.#uint32(DROPPED_ATTRIBUTES, reader.start, reader.stop) ?? droppedAttributes
        if (attributes !== undefined) this.#addAll(attributes, THIRD, reader.start, reader.stop)
      } else if (reader.tag === THIRD) {
        reader.range()
        schemaUrl = this.#decode(reader)
      } else reader.skip()
    }
    const group = { name, version, attributes: attributes?.take(this.#source, this.#tally), droppedAttributes, schemaUrl }
    this.#refuseFlaw('a scope')
    return group
  }

  #addAll(attributes: GroupAttributes, tag: number, start: number, stop: number): void {
    for (const attribute of this.#fields(tag, start, stop)) attributes.add(this.#source, attribute.start, attribute.stop)
  }

  /** The last text field with this tag. */
  #text(tag: number, start: number, stop: number): string | undefined {
    let text: string | undefined
    for (const reader of this.#fields(tag, start, stop)) text = this.#decode(reader)
    return text
  }

  /** The last number with this tag. */
  #uint32(tag: number, start: number, stop: number): number | undefined {
    let value: number | undefined
    const reader = new WireReader().open(this.#source, start, stop)
    while (reader.next()) {
      if (reader.tag === tag) {
        reader.varint()
        value = reader.low
      } else reader.skip()
    }
    return value
  }

  #decode(reader: WireReader): string {
    const bytes = this.#source.subarray(reader.start, reader.stop)
    if (!isUtf8(bytes)) throw notUtf8('a scope or schema URL')
    return this.#writer.redactor.text(bytes.toString())
  }

  /** All length-delimited fields with this tag. For groups; records have a loop of their own. */
  *#fields(tag: number, start: number, stop: number): Generator<WireReader> {
    const reader = new WireReader().open(this.#source, start, stop)
    while (reader.next()) {
      if (reader.tag === tag) {
        reader.range()
        yield reader
      } else reader.skip()
    }
  }

  #refuseFlaw(what: string): void {
    const { flaw } = this.#writer
    if (flaw.reason === 'nested_too_deep') throw new OtlpError('NESTED_TOO_DEEP', `${what} holds a value that nests too deep; flatten it.`)
    if (flaw.reason !== undefined) throw notUtf8(what)
  }
}

function notUtf8(what: string): OtlpError {
  return new OtlpError('INVALID_UTF8', `${what} of the protobuf body holds a text that is not UTF-8; send bytes as bytes_value.`)
}
