const END = '\r\n'

/** Bytes that are written where they belong. */
export interface Written {
  readonly bytes: number
  write(into: Buffer, at: number): void
}

/** The bytes of commands, as they are put together. https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export class RespText {
  #text = ''
  #isAscii = true

  /** Begins a command of so many parts, its name included. */
  command(parts: number): this {
    this.#text += `*${parts}\r\n`
    return this
  }

  part(text: string): this {
    const bytes = Buffer.byteLength(text)
    if (bytes !== text.length) this.#isAscii = false
    this.#text += `$${bytes}\r\n${text}\r\n`
    return this
  }

  /**
   * A socket takes longer for text, which it looks over first.
   *
   * @param last - the last part, which is not copied.
   */
  toBytes(last?: Written): Buffer {
    const encoding = this.#isAscii ? 'latin1' : 'utf8'
    if (last === undefined) return Buffer.from(this.#text, encoding)
    const head = `${this.#text}$${last.bytes}\r\n`
    const start = Buffer.byteLength(head, encoding)
    const whole = Buffer.allocUnsafe(start + last.bytes + END.length)
    whole.write(head, encoding)
    last.write(whole, start)
    whole.write(END, start + last.bytes, 'latin1')
    return whole
  }
}
