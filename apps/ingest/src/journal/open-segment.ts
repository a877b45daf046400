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

/** A segment that is being written, or will be next. Its file counts as far as writes have succeeded. */
export class OpenSegment {
  readonly id: string
  readonly #options: OpenSegmentOptions
  readonly #file: AppendFile
  #timer: NodeJS.Timeout | undefined
  /** When its first record came, milliseconds since 1970. */
  createdAtMs: number
  /** Bytes that are on the disk. */
  bytes = 0
  records = 0
  rows = 0
  /** Old enough to be closed. */
  isDue = false

  /** Makes its file; a file whose name is lost in a power cut would be lost. */
  static async create(options: OpenSegmentOptions): Promise<OpenSegment> {
    const { files, sequence, now } = options
    const id = newSegmentId(sequence, now())
    const file = await files.create(`${id}.open`)
    await files.syncNames()
    return new OpenSegment(options, id, file)
  }

  private constructor(options: OpenSegmentOptions, id: string, file: AppendFile) {
    this.id = id
    this.#options = options
    this.#file = file
    this.createdAtMs = options.now()
  }

  /** Resolves when the records are on the disk; after a rejection nothing more may be appended. */
  async append(bytes: readonly Uint8Array[], { records, rows }: { readonly records: number; readonly rows: number }, onSync?: (seconds: number) => void): Promise<void> {
    const parts: readonly Uint8Array[] = this.bytes === 0 ? [SEGMENT_HEADER, ...bytes] : bytes
    this.#timer ??= this.#begin()
    const startedAt = performance.now()
    await this.#file.write(parts, this.bytes)
    onSync?.((performance.now() - startedAt) / 1000)
    this.bytes += parts.reduce((sum, part) => sum + part.length, 0)
    this.records += records
    this.rows += rows
  }

  #begin(): NodeJS.Timeout {
    const { now, maxAgeMs, onDue } = this.#options
    this.createdAtMs = now()
    return setTimeout(() => {
      this.isDue = true
      onDue()
    }, maxAgeMs).unref()
  }

  /** Closes it for good; `undefined` when it holds nothing. A disk that fails here as well leaves the file with its old name. */
  async close(): Promise<Segment | undefined> {
    clearTimeout(this.#timer)
    const { id, bytes, createdAtMs } = this
    // What was refused must not be sent after a restart.
    await this.#file.truncate(bytes).catch(() => undefined)
    await this.#file.close().catch(() => undefined)
    if (bytes === 0) {
      await this.#options.files.remove(`${id}.open`).catch(() => undefined)
      return undefined
    }
    const renamed = await this.#options.files.rename(`${id}.open`, `${id}.segment`).then(() => true, () => false)
    return { id, file: `${id}.${renamed ? 'segment' : 'open'}`, bytes, createdAtMs, recovered: false }
  }
}
