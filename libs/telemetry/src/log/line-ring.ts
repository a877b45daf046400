/** The newest lines of a log, within a number of lines and of bytes. */
export class LineRing {
  readonly #maxLines: number
  readonly #maxBytes: number
  readonly #lines: string[] = []
  #bytes = 0

  constructor({ maxLines, maxBytes }: { readonly maxLines: number; readonly maxBytes: number }) {
    this.#maxLines = maxLines
    this.#maxBytes = maxBytes
  }

  add(line: string): void {
    this.#lines.push(line)
    this.#bytes += Buffer.byteLength(line)
    while (this.#lines.length > this.#maxLines || this.#bytes > this.#maxBytes) this.#bytes -= Buffer.byteLength(this.#lines.shift()!)
  }

  /** Oldest first. */
  lines(): readonly string[] {
    return this.#lines
  }
}
