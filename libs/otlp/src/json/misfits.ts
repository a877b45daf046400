import { OtlpError } from '../errors.ts'
import { badId, type Problem } from '../record/reject-detail.ts'
import { OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts'
import type { JsonSkipper } from './json-skipper.ts'
import type { JsonText } from './json-text.ts'
import type { Field } from './message-type.ts'
import { pathInJson } from './path-in-json.ts'

/** Outside of all records. */
export const NO_RECORD = -1

/** Bytes of a value that a message shows. */
const MAX_SHOWN_BYTES = 60

/** Says what is wrong with values that their fields cannot have, and notes the records that are lost by it. */
export class Misfits {
  /** Records that cannot be read, by the first byte of their message on the wire. */
  readonly flaws = new Map<number, Problem>()
  /** The record that is being read: where its message begins on the wire, and its JSON in the text. */
  record = NO_RECORD
  recordStart = 0
  readonly #text: JsonText
  readonly #skipper: JsonSkipper

  constructor(text: JsonText, skipper: JsonSkipper) {
    this.#text = text
    this.#skipper = skipper
  }

  begin(): void {
    this.flaws.clear()
    this.record = NO_RECORD
  }

  /**
   * The value that began at `start`, and was passed, should have been another one: that costs its record.
   *
   * @throws OtlpError WRONG_SHAPE outside of records
   */
  note(field: Field, expected: string, start: number): void {
    if (this.record === NO_RECORD) throw this.#refusal(expected, start)
    // One reason is enough, and finding the path costs time.
    if (!this.flaws.has(this.record)) this.flaws.set(this.record, this.#problem(field, expected, start))
  }

  /** The value that is here is of another kind than its field: whoever sent it does not speak OTLP. */
  wrongShape(expected: string): OtlpError {
    const { at } = this.#text
    // Should it not even be JSON, then that is to be said.
    this.#skipper.skip()
    return this.#refusal(expected, at)
  }

  #problem({ details: { reason, title, idBytes } }: Field, expected: string, start: number): Problem {
    const { source, at } = this.#text
    if (reason !== undefined && source[start] === QUOTE) {
      const id = source.toString('utf8', start + 1, Math.min(at - 1, start + MAX_SHOWN_BYTES))
      return { reason, detail: badId(title!, id, idBytes!) }
    }
    const path = pathInJson(source, this.recordStart, start)
    return { reason: 'invalid_value', detail: `${path} must be ${expected}, but is ${this.#shown(start)}` }
  }

  #refusal(expected: string, start: number): OtlpError {
    const path = pathInJson(this.#text.source, 0, start)
    const found = this.#shown(start)
    const hint = found === 'an object' && path.endsWith('ttributes') ? ' Attributes are an array of {"key": …, "value": {"stringValue": …}}.' : ''
    return new OtlpError('WRONG_SHAPE', `${path === '' ? 'the body' : path} must be ${expected}, but is ${found}.${hint}`, { path })
  }

  #shown(start: number): string {
    const { source, at } = this.#text
    if (source[start] === OPEN_BRACE) return 'an object'
    return source[start] === OPEN_BRACKET ? 'an array' : source.toString('utf8', start, Math.min(at, start + MAX_SHOWN_BYTES))
  }
}
