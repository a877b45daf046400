import { OtlpError } from '../errors.ts'
import { MAX_VALUE_DEPTH } from '../record/any-value.ts'
import type { Problem } from '../record/reject-detail.ts'
import type { Tally } from '../record/tally.ts'
import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, END, LETTER_N, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts'
import { JsonSkipper } from './json-skipper.ts'
import { JsonText } from './json-text.ts'
import { keyValue } from './messages.ts'
import { ELSEWHERE, type Field, MESSAGE, type MessageType, STRING } from './message-type.ts'
import { Misfits } from './misfits.ts'
import { PlainAttributes } from './plain-attributes.ts'
import { ScalarWriter } from './scalar-writer.ts'
import { WireWriter } from './wire-writer.ts'

/** A field that no message has, 15 of type I64: before each record it says where its JSON begins and ends. */
const PLACE_TAG = (15 << 3) | 1

/** From the place's numbers to the record: they, a tag, a length of five bytes. */
const PLACE_BYTES = 8 + 1 + 5

/** Room that a field needs at most, beside what it takes from the text. */
const FIELD_BYTES = 64

/**
 * Rewrites an export request from JSON to protobuf, in one pass over its bytes and by one description of the messages. Nothing
 * of it becomes an object or a string, unless something is wrong with it.
 *
 * Keys in any order, unknown ones anywhere, and white space make no difference. What the protobuf pass can judge is left to it.
 */
export class JsonToWire {
  readonly #text = new JsonText()
  readonly #skipper = new JsonSkipper(this.#text)
  readonly #wire = new WireWriter()
  readonly #scalars = new ScalarWriter(this.#text, this.#wire)
  readonly #plainAttributes = new PlainAttributes(this.#text, this.#wire, this.#scalars)
  readonly #misfits = new Misfits(this.#text, this.#skipper)
  /** How many values the current one lies in. */
  #depth = 0
  /** Where the request should have gone, if it is another signal's. */
  #endpoint: string | undefined

  /** Records that cannot be read, by the first byte of their message on the wire. */
  get flaws(): ReadonlyMap<number, Problem> {
    return this.#misfits.flaws
  }

  /**
   * The request as protobuf, good until `end`. `quote` is whether what is said about mistakes may show what was sent.
   *
   * @throws OtlpError INVALID_JSON, WRONG_SHAPE, WRONG_ENDPOINT
   */
  rewrite(source: Buffer, request: MessageType, tally: Tally, quote: boolean): Buffer {
    const text = this.#text
    const wire = this.#wire
    this.#misfits.begin(quote)
    this.#depth = 0
    this.#endpoint = undefined
    text.open(source)
    this.#scalars.begin()
    wire.begin(source.length + FIELD_BYTES)
    if (text.peek() !== OPEN_BRACE) throw this.#misfits.wrongShape('an object')
    this.#request(request, tally)
    if (text.loneSurrogates > 0) tally.warn('lone_surrogate', text.loneSurrogates)
    this.#scalars.count(tally)
    return wire.bytes.subarray(0, wire.at)
  }

  /** Lets go of the text and of memory that only a large one needed. */
  end(): void {
    this.#text.close()
    this.#scalars.end()
    this.#wire.end()
    this.#misfits.flaws.clear()
  }

  /** The JSON of a record, by the first byte of its message in `wire`. */
  static jsonOf(source: Buffer, wire: Buffer, start: number): Buffer {
    const place = start - PLACE_BYTES
    return source.subarray(wire.readUInt32LE(place), wire.readUInt32LE(place + 4))
  }

  /** Reads an object, which begins here, into the fields of a message. */
  #fields(type: MessageType): void {
    const text = this.#text
    text.at++
    let byte = text.peek()
    if (byte === CLOSE_BRACE) {
      text.at++
      return
    }
    let before = type.start
    for (;;) {
      if (byte !== QUOTE) throw text.unexpected()
      const field = this.#key(type, before.next)
      text.passColon()
      byte = text.peek()
      if (field !== undefined) {
        if (before.next !== field) before.next = field
        before = field
      }
      if (byte === LETTER_N) text.passLiteral(byte)
      else if (field === undefined) this.#skipper.skip()
      else if (field.repeated) this.#list(field, byte)
      else if (field.kind === MESSAGE) this.#message(field, byte)
      else this.#scalar(field, byte)
      byte = text.peek()
      text.at++
      if (byte === CLOSE_BRACE) return
      if (byte !== COMMA) {
        text.at--
        throw text.unexpected()
      }
      byte = text.peek()
    }
  }

  /** The field whose key is here; most likely the one that came at this place the last time. */
  #key(type: MessageType, likely: Field | undefined): Field | undefined {
    const text = this.#text
    if (likely !== undefined && text.pass(likely.key)) return likely
    for (const field of type.fields) if (text.pass(field.key)) return field
    const start = text.at
    return text.passString() ? undefined : type.find(this.#scalars.decode(start))
  }

  #message(field: Field, byte: number): void {
    if (byte !== OPEN_BRACE) throw this.#misfits.wrongShape('an object')
    const type = field.type!
    const wire = this.#wire
    wire.reserve(FIELD_BYTES)
    if (type.record) {
      this.#recordMessage(field, type)
      return
    }
    wire.byte(field.tag)
    // Nested values are rare, and read by a slower road: only outside them are short lengths of use.
    const wide = type.wide || this.#depth > 0
    const start = wire.open(wide)
    if (type.deepens) this.#value(type)
    else this.#fields(type)
    wire.close(start, wide)
  }

  /** What nests too deep is left out; that it is there at all is enough for the record to be rejected. */
  #value(type: MessageType): void {
    if (this.#depth > MAX_VALUE_DEPTH) this.#skipper.skip()
    else {
      this.#depth++
      this.#fields(type)
      this.#depth--
    }
  }

  #recordMessage(field: Field, type: MessageType): void {
    const wire = this.#wire
    const misfits = this.#misfits
    const { record: outer, recordStart: outerStart } = misfits
    wire.byte(PLACE_TAG)
    const place = wire.at
    wire.fixed64(this.#text.at, 0)
    wire.byte(field.tag)
    const start = wire.open(true)
    misfits.record = start
    misfits.recordStart = this.#text.at
    this.#fields(type)
    wire.close(start, true)
    wire.bytes.writeUInt32LE(this.#text.at, place + 4)
    misfits.record = outer
    misfits.recordStart = outerStart
  }

  #list(field: Field, byte: number): void {
    if (byte !== OPEN_BRACKET) throw this.#misfits.wrongShape('an array')
    const text = this.#text
    text.at++
    let next = text.peek()
    if (next === CLOSE_BRACKET) {
      text.at++
      return
    }
    if (field.kind === MESSAGE) {
      for (; ; next = text.peek()) {
        if (next === LETTER_N && field.type!.deepens) this.#unsetValue(field)
        else if (field.type !== keyValue || this.#depth > 0 || !this.#plainAttributes.rewrite(field.tag)) this.#message(field, next)
        if (this.#endsList()) return
      }
    }
    this.#packed(field, next)
  }

  #packed(field: Field, first: number): void {
    const text = this.#text
    const wire = this.#wire
    wire.reserve(FIELD_BYTES)
    wire.byte(field.tag)
    const start = wire.open(true)
    for (let next = first; ; next = text.peek()) {
      this.#scalarValue(field, next)
      if (this.#endsList()) break
    }
    wire.close(start, true)
  }

  /** Exporters write `null` among values for one that is not set. */
  #unsetValue(field: Field): void {
    this.#text.passLiteral(LETTER_N)
    this.#wire.reserve(FIELD_BYTES)
    this.#wire.byte(field.tag)
    this.#wire.byte(0)
  }

  /** After an item: passes over the comma, or the end of the list. */
  #endsList(): boolean {
    const text = this.#text
    const byte = text.peek()
    if (byte !== COMMA && byte !== CLOSE_BRACKET) throw text.unexpected()
    text.at++
    return byte === CLOSE_BRACKET
  }

  #scalar(field: Field, byte: number): void {
    const text = this.#text
    const wire = this.#wire
    if (field.kind === STRING && byte === QUOTE) {
      wire.reserve(text.end - text.at + FIELD_BYTES)
      wire.byte(field.tag)
      const start = wire.open(false)
      text.copyString(wire)
      wire.close(start, false)
    } else if (field.kind === ELSEWHERE) {
      this.#endpoint ??= field.details.endpoint
      this.#skipper.skip()
    } else {
      const before = wire.at
      wire.reserve(FIELD_BYTES)
      wire.byte(field.tag)
      if (!this.#scalarValue(field, byte)) wire.at = before
    }
  }

  /** Writes a value without its tag; `false` when there is none to write. */
  #scalarValue(field: Field, byte: number): boolean {
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) throw this.#misfits.wrongShape('no object or array')
    const { at } = this.#text
    this.#wire.reserve(FIELD_BYTES)
    const expected = this.#scalars.write(field, byte)
    if (expected === undefined) return true
    this.#misfits.note(field, expected, at)
    return false
  }

  /** Nothing of this signal, but something of another one, is an honest mistake; nothing known at all should be heard of, too. */
  #request(request: MessageType, tally: Tally): void {
    const text = this.#text
    const { at } = text
    text.at++
    const empty = text.peek() === CLOSE_BRACE
    text.at = at
    // Whatever is known sets it again.
    request.start.next = undefined
    this.#fields(request)
    if (text.peek() !== END) throw text.unexpected()
    if (this.#endpoint !== undefined && this.#wire.at === 0) {
      throw new OtlpError('WRONG_ENDPOINT', `the body holds nothing that belongs here; send it to ${this.#endpoint}.`)
    }
    if (!empty && request.start.next === undefined) tally.warn('no_known_field')
  }
}
