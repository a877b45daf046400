import { createReadStream, createWriteStream, type ReadStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ClickHouseException } from '../errors.ts'

/** Folder of bytes on their way: rows into the engine, which reads any format from a file only, and results that are kept to the end. */
export class Spool {
  readonly #folder: string
  readonly #maxBytes: number
  #bytes = 0
  #last = 0

  private constructor(folder: string, maxBytes: number) {
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  /**
   * Opens the folder and empties it: what is there belongs to a process that is gone. Call when the data folder is locked.
   *
   * @param maxBytes - bytes that all files together may hold.
   */
  static async open(folder: string, maxBytes: number): Promise<Spool> {
    await mkdir(folder, { recursive: true })
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
    return new Spool(folder, maxBytes)
  }

  /** Bytes in files now. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Writes `chunks` to a file, gives its path to `use`, and removes it whatever happens.
   *
   * @throws ClickHouseException TOO_MANY_SIMULTANEOUS_QUERIES when all files together grow beyond the limit.
   */
  async with<T>(chunks: AsyncIterable<Uint8Array>, use: (path: string, bytes: number) => Promise<T>): Promise<T> {
    const path = join(this.#folder, `${++this.#last}.spool`)
    const counted = { bytes: 0 }
    try {
      await pipeline(this.#count(chunks, counted), createWriteStream(path, { flags: 'wx', highWaterMark: 2 ** 20 }))
      return await use(path, counted.bytes)
    } finally {
      this.#bytes -= counted.bytes
      await rm(path, { force: true })
    }
  }

  /** Reads a file of this folder. */
  read(path: string): ReadStream {
    return createReadStream(path, { highWaterMark: 2 ** 18 })
  }

  async *#count(chunks: AsyncIterable<Uint8Array>, counted: { bytes: number }): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      counted.bytes += chunk.length
      this.#bytes += chunk.length
      if (this.#bytes > this.#maxBytes) {
        throw ClickHouseException.of('TOO_MANY_SIMULTANEOUS_QUERIES', `Requests in progress hold ${this.#maxBytes} bytes already; try again later.`, { httpStatus: 503 })
      }
      yield chunk
    }
  }
}
