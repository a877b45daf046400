import type { AppendFile, JournalFiles } from './journal-files.ts'
import type { Segment } from './segment.ts'
import { newSegmentId, SEGMENT_HEADER } from './segment-name.ts'

export interface OpenSegmentOptions {
  readonly files: JournalFiles
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Age at which it is due, milliseconds. */
  readonly maxAgeMs: number
  readonly onDue: () => void
}

/** The one segment that is being written. Its file counts as far as an fsync has succeeded. */
export class OpenSegment {
  readonly id: string
  readonly createdAtMs: number
  readonly #files: JournalFiles
  readonly #file: AppendFile
  readonly #timer: NodeJS.Timeout
  /** Bytes that are on the disk. */
  bytes = 0
  rows = 0
  /** Old enough to be closed. */
  isDue = false

  static async create(options: OpenSegmentOptions): Promise<OpenSegment> {
    const createdAtMs = options.now()
    const id = newSegmentId(options.sequence, createdAtMs)
    return new OpenSegment(options, id, createdAtMs, await options.files.create(`${id}.open`))
  }

  private constructor({ files, maxAgeMs, onDue }: OpenSegmentOptions, id: string, createdAtMs: number, file: AppendFile) {
    this.id = id
    this.createdAtMs = createdAtMs
    this.#files = files
    this.#file = file
    this.#timer = setTimeout(() => {
      this.isDue = true
      onDue()
    }, maxAgeMs)
    this.#timer.unref()
  }

  /** Resolves when the records are on the disk; after a rejection nothing more may be appended. */
  async append(records: Uint8Array, rows: number, onSync?: (seconds: number) => void): Promise<void> {
    const isNew = this.bytes === 0
    const bytes = isNew ? Buffer.concat([SEGMENT_HEADER, records]) : records
    await this.#file.write(bytes, this.bytes)
    const startedAt = performance.now()
    await this.#file.sync()
    // A file whose name is lost in a power cut is lost.
    if (isNew) await this.#files.syncNames()
    onSync?.((performance.now() - startedAt) / 1000)
    this.bytes += bytes.length
    this.rows += rows
  }

  /** Closes it for good; `undefined` when it holds nothing. A disk that fails here as well leaves the file with its old name. */
  async close(): Promise<Segment | undefined> {
    clearTimeout(this.#timer)
    const { id, bytes, createdAtMs } = this
    // What was refused must not be sent after a restart.
    await this.#file.truncate(bytes).catch(() => undefined)
    await this.#file.close().catch(() => undefined)
    if (bytes === 0) {
      await this.#files.remove(`${id}.open`).catch(() => undefined)
      return undefined
    }
    const renamed = await this.#files.rename(`${id}.open`, `${id}.segment`).then(() => true, () => false)
    return { id, file: `${id}.${renamed ? 'segment' : 'open'}`, bytes, createdAtMs, recovered: false }
  }
}
