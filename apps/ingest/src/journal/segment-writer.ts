import type { JournalFiles } from './journal-files.ts'
import { OpenSegment } from './open-segment.ts'
import type { Segment } from './segment.ts'
import { LANES } from './segment-name.ts'

export interface SegmentWriterOptions {
  readonly files: JournalFiles
  /** What closes a segment. Age closes it only when somebody is there to send it. */
  readonly bounds: { readonly maxRows: number; readonly maxBytes: number; readonly maxAgeMs: number }
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told how long each write took, to the disk. */
  readonly onSync?: ((seconds: number) => void) | undefined
  readonly onClosed: (segment: Segment) => void
}

/** A record on its way to the disk. */
export interface RecordToWrite {
  readonly sequence: number
  readonly parts: readonly Uint8Array[]
  readonly bytes: number
  readonly rows: number
}

interface Pending extends RecordToWrite {
  /** Told why it was not written. */
  readonly resolve: (failure: string | undefined) => void
}

/**
 * Requests that close a segment, however small they are: each is a block of its own in the insert, and 12,000 of them have taken
 * more memory than a query of ClickHouse may have, so that the insert failed for ever.
 */
const MAX_RECORDS = 2_000

const PROBE_FILE = 'probe'
const PROBE_BYTES = 64 * 1024

/**
 * Writes records into segments. Those that come while one write is on its way to the disk share the next one, and each is answered
 * after its own. A segment is written once, and closed once, beside the writing of the next.
 */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  #pending: Pending[] = []
  #pendingBytes = 0
  #open: OpenSegment | undefined
  /** The next one, made beside the writing: making a file costs as much as an fsync. */
  #spare: Promise<OpenSegment | undefined> | undefined
  readonly #closing = new Set<OpenSegment>()
  /** Resolves when all of them are closed. */
  #closed = Promise.resolve()
  #working: Promise<void> | undefined
  #asked = false
  #flushing = false
  #failure: string | undefined

  constructor(options: SegmentWriterOptions) {
    this.#options = options
  }

  /** Bytes of segments that are not closed, and on their way there. */
  get bytes(): number {
    return this.#pendingBytes + this.#unclosed.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Segments that are not closed. */
  get segments(): number {
    return this.#unclosed.length
  }

  /** When the oldest of them was begun, milliseconds since 1970; infinity without one. */
  get oldestAtMs(): number {
    return Math.min(...this.#unclosed.map(({ createdAtMs }) => createdAtMs))
  }

  /** When the open one got its first record, milliseconds since 1970; infinity without one. */
  get openSinceMs(): number {
    return this.#open === undefined || this.#open.records === 0 ? Number.POSITIVE_INFINITY : this.#open.createdAtMs
  }

  /** Why the last write failed; `undefined` when it did not. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Resolves when the record is on the disk: to `undefined`, else to why it is not. Never rejects. */
  write(record: RecordToWrite): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#pending.push({ ...record, resolve })
      this.#pendingBytes += record.bytes
      this.#work()
    })
  }

  /** Somebody is there to send a segment: the open one is closed as soon as it is old enough. */
  ask(): void {
    this.#asked = true
    this.#work()
  }

  /** Begins to close the open segment if it is old enough; whether it does. */
  closeIfDue(): boolean {
    if (this.#open?.isDue !== true) return false
    this.ask()
    return true
  }

  /** Writes what waits, and closes the open segment, however young. */
  async flush(): Promise<void> {
    this.#flushing = true
    this.#work()
    while (this.#working !== undefined) await this.#working
    await this.#closed
    this.#flushing = false
  }

  /** Flushes, and leaves no file behind that holds nothing. */
  async close(): Promise<void> {
    await this.flush()
    await (await this.#spare)?.close()
    this.#spare = undefined
  }

  /** After a failure tries the disk, because nobody may send while it is known to fail. @throws what the disk says. */
  async probe(): Promise<void> {
    if (this.#failure === undefined || this.#working !== undefined) return
    const { files } = this.#options
    // What a process that was killed while it probed has left.
    await files.remove(PROBE_FILE)
    const file = await files.create(PROBE_FILE)
    try {
      await file.write([Buffer.alloc(PROBE_BYTES)], 0)
    } finally {
      await file.close()
      await files.remove(PROBE_FILE)
    }
    this.#failure = undefined
  }

  get #unclosed(): readonly OpenSegment[] {
    return this.#open === undefined ? [...this.#closing] : [...this.#closing, this.#open]
  }

  #work(): void {
    this.#working ??= this.#run().finally(() => {
      this.#working = undefined
      // Something may have come in the moment between the last look and here.
      if (this.#pending.length > 0 || this.#isDone()) this.#work()
    })
  }

  async #run(): Promise<void> {
    while (this.#pending.length > 0) {
      await this.#commit(this.#nextGroup())
      if (this.#isDone()) this.#close()
    }
    if (this.#isDone()) this.#close()
  }

  #isDone(): boolean {
    if (this.#open === undefined) return false
    const { records, rows, bytes, isDue } = this.#open
    const { maxRows, maxBytes } = this.#options.bounds
    return records >= MAX_RECORDS || rows >= maxRows || bytes >= maxBytes || (isDue && this.#asked) || this.#flushing
  }

  /** What waits, as far as it belongs into the open segment. */
  #nextGroup(): readonly Pending[] {
    const { maxRows, maxBytes } = this.#options.bounds
    let { rows, bytes } = this.#open ?? { rows: 0, bytes: 0 }
    const room = MAX_RECORDS - (this.#open?.records ?? 0)
    let count = 0
    while (count < this.#pending.length && (count === 0 || (count < room && rows < maxRows && bytes < maxBytes))) {
      const next = this.#pending[count++]!
      rows += next.rows
      bytes += next.bytes
    }
    const group = this.#pending.slice(0, count)
    this.#pending = this.#pending.slice(count)
    return group
  }

  async #begin(sequence: number): Promise<OpenSegment> {
    const open = (await this.#spare) ?? (await this.#create(sequence))
    this.#spare = this.#create(sequence + LANES).catch(() => undefined)
    return open
  }

  #create(sequence: number): Promise<OpenSegment> {
    const { files, bounds, now } = this.#options
    return OpenSegment.create({ files, sequence, now, maxAgeMs: bounds.maxAgeMs, onDue: () => this.#work() })
  }

  /** Puts a group on the disk with one write. */
  async #commit(group: readonly Pending[]): Promise<void> {
    const { onSync } = this.#options
    try {
      this.#open ??= await this.#begin(group[0]!.sequence)
      const rows = group.reduce((sum, record) => sum + record.rows, 0)
      await this.#open.append(group.flatMap(({ parts }) => parts), { records: group.length, rows }, onSync)
      this.#failure = undefined
    } catch (error) {
      this.#failure = `the journal cannot be written: ${(error as Error).message}`
      // After a failed write nobody can say what of this file is on the disk, so nothing is added to it.
      this.#close()
      await this.#closed
    }
    this.#pendingBytes -= group.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const { resolve } of group) resolve(this.#failure)
  }

  /** Closes the open segment, after those before it. */
  #close(): void {
    const segment = this.#open
    if (segment === undefined) return
    this.#open = undefined
    this.#closing.add(segment)
    this.#closed = this.#closed.then(async () => {
      const closed = await segment.close()
      this.#closing.delete(segment)
      if (closed === undefined) return
      this.#asked = false
      this.#options.onClosed(closed)
    })
  }
}
