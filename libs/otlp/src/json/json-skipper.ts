import { CLOSE_BRACE, COMMA, LETTER_F, LETTER_N, LETTER_T, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts'
import type { JsonText } from './json-text.ts'

const INITIAL_DEPTH = 64

/** Passes over values of any kind, checked like all others. It keeps its own stack, so that no depth of nesting can exhaust the engine's. */
export class JsonSkipper {
  readonly #text: JsonText
  /** What closes each open object and array. */
  #closers = new Uint8Array(INITIAL_DEPTH)

  constructor(text: JsonText) {
    this.#text = text
  }

  skip(): void {
    const text = this.#text
    let depth = 0
    do {
      let byte = text.peek()
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        const closer = byte + 2
        text.at++
        if (text.peek() !== closer) {
          this.#push(depth++, closer)
          if (closer === CLOSE_BRACE) this.#key()
          continue
        }
        text.at++
      } else this.#scalar(byte)
      // After a value: what it closes, and then the comma before the next.
      while (depth > 0) {
        byte = text.peek()
        text.at++
        if (byte === this.#closers[depth - 1]) depth--
        else if (byte === COMMA) {
          if (this.#closers[depth - 1] === CLOSE_BRACE) this.#key()
          break
        } else {
          text.at--
          throw text.unexpected()
        }
      }
    } while (depth > 0)
    if (this.#closers.length > INITIAL_DEPTH) this.#closers = new Uint8Array(INITIAL_DEPTH)
  }

  #scalar(byte: number): void {
    const text = this.#text
    if (byte === QUOTE) text.passString()
    else if (byte === LETTER_N || byte === LETTER_T || byte === LETTER_F) text.passLiteral(byte)
    else text.passNumber()
  }

  #key(): void {
    const text = this.#text
    if (text.peek() !== QUOTE) throw text.unexpected()
    text.passString()
    text.passColon()
  }

  #push(depth: number, closer: number): void {
    if (depth === this.#closers.length) {
      const closers = new Uint8Array(depth * 2)
      closers.set(this.#closers)
      this.#closers = closers
    }
    this.#closers[depth] = closer
  }
}
