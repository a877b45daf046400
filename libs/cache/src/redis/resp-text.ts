const END = '\r\n'

/** Bytes that are written where they belong. */
export interface Written {
  readonly bytes: number
  write(into: Buffer, at: number): void
}

/** A command as it is put together. https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export class RespText {
  #text = ''
  readonly #lengthOf: (part: string) => number

  /** @param lengthOf - of a part, in bytes. */
  constructor(lengthOf: (part: string) => number) {
    this.#lengthOf = lengthOf
  }

  get text(): string {
    return this.#text
  }

  /** Begins a command of so many parts, its name included. */
  command(parts: number): this {
    this.#text += `*${parts}${END}`
    return this
  }

  part(text: string): this {
    this.#text += `$${this.#lengthOf(text)}${END}${text}${END}`
    return this
  }
}

/**
 * The bytes of a command. It is put together as if all were ASCII, which is looked up once for all of it; if it is not, it is put together again.
 *
 * @param write - writes all parts but `last`, each time it is called.
 */
export function commandBytes(write: (text: RespText) => void, last?: Written): Buffer {
  const ascii = textOf(write, (part) => part.length)
  if (Buffer.byteLength(ascii) === ascii.length) return bytesOf(ascii, 'latin1', last)
  return bytesOf(textOf(write, (part) => Buffer.byteLength(part)), 'utf8', last)
}

function textOf(write: (text: RespText) => void, lengthOf: (part: string) => number): string {
  const text = new RespText(lengthOf)
  write(text)
  return text.text
}

function bytesOf(text: string, encoding: 'latin1' | 'utf8', last: Written | undefined): Buffer {
  // A socket takes longer for text, which it looks over first.
  if (last === undefined) return Buffer.from(text, encoding)
  const head = `${text}$${last.bytes}${END}`
  const start = Buffer.byteLength(head, encoding)
  const whole = Buffer.allocUnsafe(start + last.bytes + END.length)
  whole.write(head, encoding)
  last.write(whole, start)
  whole.write(END, start + last.bytes, 'latin1')
  return whole
}
