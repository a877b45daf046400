import type { Block } from '../delivery/block-store.ts'
import type { Signal } from '../otlp-http/signal.ts'
import type { JournalFiles } from './journal-files.ts'
import { encodeRecord } from './journal-record.ts'
import { OpenSegment } from './open-segment.ts'
import { recover, type Recovered } from './recover.ts'
import { Repeats } from './repeats.ts'
import { readSegment, type Segment, type SegmentContent } from './segment.ts'

/** One request whose rows are to be stored. */
export interface AcceptableRequest {
  readonly tenantId: string
  readonly signal: Signal
  /** Names the request's bytes, so that a repeat can be recognised. */
  readonly digest: Uint8Array
  /** At least one; accepted as a whole. */
  readonly blocks: readonly Block[]
}

/** What became of one request. */
export type AppendOutcome =
  /** It is on the disk, and will be in ClickHouse. */
  | { readonly kind: 'accepted' }
  /** It was accepted before, when its sender did not hear so. */
  | { readonly kind: 'repeat' }
  /** There is no room for it. */
  | { readonly kind: 'full'; readonly message: string; readonly retryAfterSeconds: number }
  /** The disk does not take it. */
  | { readonly kind: 'unavailable'; readonly message: string }

export interface JournalOptions {
  readonly files: JournalFiles
  /** Bytes on the disk above which requests are refused. */
  readonly maxBytes: number
  /** Age of the oldest request above which more are refused, milliseconds. */
  readonly maxAgeMs: number
  /** What closes a segment, which is what one insert holds. Age closes it only when somebody is there to send it. */
  readonly segment: { readonly maxRows: number; readonly maxBytes: number; readonly maxAgeMs: number }
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onSync?: (seconds: number) => void
}

interface Pending {
  readonly sequence: number
  readonly parts: readonly Uint8Array[]
  readonly bytes: number
  readonly rows: number
  readonly resolve: (outcome: AppendOutcome) => void
}

/**
 * Segments that may wait. Newest and oldest are sent in turn, so a segment is repeated within twice as many inserts, which
 * must stay below the deduplication window of the tables (10,000): only then a repeat after a crash counts once.
 */
export const MAX_SEGMENTS = 4_000

/** Releases between two times that the folder's names are put on the disk. Until then a power cut brings released segments back. */
const RELEASES_PER_SYNC = 64

/** Advice for a sender that is refused for room, when nothing is known of how fast it becomes free. Seconds. */
const RETRY_AFTER_SECONDS = 5

/**
 * What was accepted and is not in ClickHouse yet, on the disk. Requests that come while one fsync runs share the next one; each
 * is accepted after its own. A segment is written once, closed once, and sent as it is until it is stored: that is what makes a
 * repeated insert byte for byte the same.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #recovered: Recovered
  readonly #repeats: Repeats
  /** Closed, not taken; oldest first. */
  readonly #waiting: Segment[]
  readonly #taken = new Set<Segment>()
  #pending: Pending[] = []
  #pendingBytes = 0
  #open: OpenSegment | undefined
  #closing: OpenSegment | undefined
  #closedBytes: number
  #nextSequence: number
  #working: Promise<void> | undefined
  #asked = false
  #flushing = false
  #newestFirst = true
  #releasesToSync = 0
  #failure: string | undefined
  #onSegment = (): void => undefined

  /** Makes the folder ready: see {@link recover}. */
  static async open(options: JournalOptions): Promise<Journal> {
    const repeats = new Repeats(options.now)
    return new Journal(options, repeats, await recover(options.files, repeats, options.now()))
  }

  private constructor(options: JournalOptions, repeats: Repeats, recovered: Recovered) {
    this.#options = options
    this.#repeats = repeats
    this.#recovered = recovered
    this.#waiting = [...recovered.segments]
    this.#closedBytes = this.#waiting.reduce((sum, segment) => sum + segment.bytes, 0)
    this.#nextSequence = recovered.nextSequence
  }

  /** What was found at the start. */
  get recovered(): Recovered {
    return this.#recovered
  }

  /** Bytes on the disk or on their way to it. */
  get bytes(): number {
    return this.#closedBytes + this.#pendingBytes + this.#unclosed.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Segments that are not stored. */
  get segments(): number {
    return this.#waiting.length + this.#taken.size + this.#unclosed.length
  }

  /** Age of the oldest segment that is not stored, milliseconds; 0 without one. */
  get oldestAgeMs(): number {
    const oldest = Math.min(...[this.#waiting[0], ...this.#unclosed, ...this.#taken].map((segment) => segment?.createdAtMs ?? Number.POSITIVE_INFINITY))
    return oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#options.now() - oldest)
  }

  /** Why the last write failed; `undefined` when it did not. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Called whenever a segment can be taken. */
  onSegment(listener: () => void): void {
    this.#onSegment = listener
  }

  /** What a request of so many bytes is refused with for lack of room; `undefined` when there is room. */
  refusal(bytes = 0): Extract<AppendOutcome, { kind: 'full' }> | undefined {
    const { maxBytes, maxAgeMs } = this.#options
    const full = (why: string): ReturnType<Journal['refusal']> => ({ kind: 'full', message: `the journal is full: ${why}`, retryAfterSeconds: RETRY_AFTER_SECONDS })
    if (this.bytes + bytes > maxBytes) return full(`${this.bytes} of ${maxBytes} bytes wait for ClickHouse`)
    if (this.segments >= MAX_SEGMENTS) return full(`${this.segments} segments wait for ClickHouse`)
    if (this.oldestAgeMs > maxAgeMs) return full(`what is in it has waited for ${Math.round(this.oldestAgeMs / 1000)} s`)
    return undefined
  }

  /** Puts a request on the disk; resolves after the fsync that covers it. Never rejects. */
  append(request: AcceptableRequest): Promise<AppendOutcome> {
    if (this.#repeats.has(request.digest)) return Promise.resolve({ kind: 'repeat' })
    const sequence = this.#nextSequence
    const parts = encodeRecord({ ...request, sequence, acceptedAtMs: this.#options.now() })
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    const refusal = this.refusal(bytes)
    if (refusal !== undefined) return Promise.resolve(refusal)
    this.#nextSequence++
    const rows = request.blocks.reduce((sum, block) => sum + block.rows, 0)
    return new Promise((resolve) => {
      this.#pending.push({ sequence, parts, bytes, rows, resolve })
      this.#pendingBytes += bytes
      this.#work()
    })
  }

  /** The sender of this request did not hear that it was accepted: should it come again, it is a repeat. */
  unanswered(digest: Uint8Array): void {
    this.#repeats.add(digest)
  }

  /**
   * A closed segment to send, the newest and the oldest in turn: after an outage new data is seen soon, and the backlog gets
   * half. Without one the open segment is closed as soon as it is old enough.
   */
  take(): Segment | undefined {
    const segment = this.#newestFirst ? this.#waiting.pop() : this.#waiting.shift()
    if (segment === undefined) {
      this.#asked = true
      this.#work()
      return undefined
    }
    this.#newestFirst = !this.#newestFirst
    this.#taken.add(segment)
    return segment
  }

  read(segment: Segment): Promise<SegmentContent> {
    return readSegment(this.#options.files, `${segment.id}.segment`, segment.bytes)
  }

  /** The segment is stored: its file goes. */
  async release(segment: Segment): Promise<void> {
    await this.#options.files.remove(`${segment.id}.segment`)
    this.#forget(segment)
    if (++this.#releasesToSync >= RELEASES_PER_SYNC) await this.#syncNames()
  }

  /** What could be read of the segment is stored; its file stays for inspection. */
  async setAside(segment: Segment): Promise<void> {
    await this.#options.files.rename(`${segment.id}.segment`, `${segment.id}.corrupt`)
    this.#forget(segment)
    await this.#syncNames()
  }

  /** Closes the open segment, however young, so that it can be taken. */
  async flush(): Promise<void> {
    this.#flushing = true
    this.#work()
    while (this.#working !== undefined) await this.#working
    this.#flushing = false
  }

  /** @throws when the disk takes nothing, after trying it. */
  async check(): Promise<void> {
    const refusal = this.refusal()
    if (refusal !== undefined) throw new Error(refusal.message)
    if (this.#failure === undefined || this.#working !== undefined) return
    // Nobody may send while this says no, so it has to find out by itself.
    const file = await this.#options.files.create('probe')
    try {
      await file.write(Buffer.alloc(64 * 1024), 0)
      await file.sync()
    } finally {
      await file.close()
      await this.#options.files.remove('probe')
    }
    this.#failure = undefined
  }

  get #unclosed(): readonly OpenSegment[] {
    return [this.#open, this.#closing].filter((segment) => segment !== undefined)
  }

  #forget(segment: Segment): void {
    if (this.#taken.delete(segment)) this.#closedBytes -= segment.bytes
  }

  async #syncNames(): Promise<void> {
    this.#releasesToSync = 0
    await this.#options.files.syncNames()
  }

  #work(): void {
    this.#working ??= this.#run().finally(() => {
      this.#working = undefined
      // Something may have come in the moment between the last look and here.
      if (this.#pending.length > 0 || (this.#open !== undefined && this.#isDone(this.#open))) this.#work()
    })
  }

  async #run(): Promise<void> {
    while (this.#pending.length > 0) {
      await this.#commit()
      if (this.#open !== undefined && this.#isDone(this.#open)) await this.#close(this.#open)
    }
    if (this.#open !== undefined && this.#isDone(this.#open)) await this.#close(this.#open)
  }

  #isDone({ rows, bytes, isDue }: OpenSegment): boolean {
    const { maxRows, maxBytes } = this.#options.segment
    return rows >= maxRows || bytes >= maxBytes || (isDue && this.#asked) || this.#flushing
  }

  /** Writes what waits, as far as it belongs into this segment, with one fsync. */
  async #commit(): Promise<void> {
    const { files, segment, now, onSync } = this.#options
    const group: Pending[] = []
    let { rows, bytes } = this.#open ?? { rows: 0, bytes: 0 }
    while (this.#pending.length > 0 && (group.length === 0 || (rows < segment.maxRows && bytes < segment.maxBytes))) {
      const next = this.#pending.shift()!
      group.push(next)
      rows += next.rows
      bytes += next.bytes
    }
    const groupBytes = group.reduce((sum, { bytes: each }) => sum + each, 0)
    let outcome: AppendOutcome = { kind: 'accepted' }
    try {
      this.#open ??= await OpenSegment.create({ files, sequence: group[0]!.sequence, now, maxAgeMs: segment.maxAgeMs, onDue: () => this.#work() })
      await this.#open.append(Buffer.concat(group.flatMap(({ parts }) => parts)), group.reduce((sum, each) => sum + each.rows, 0), onSync)
      this.#failure = undefined
    } catch (error) {
      this.#failure = `the journal cannot be written: ${(error as Error).message}`
      outcome = { kind: 'unavailable', message: this.#failure }
      // After a failed fsync nobody can say what of this file is on the disk, so nothing is added to it.
      if (this.#open !== undefined) await this.#close(this.#open)
    }
    this.#pendingBytes -= groupBytes
    for (const { resolve } of group) resolve(outcome)
  }

  async #close(open: OpenSegment): Promise<void> {
    this.#open = undefined
    this.#closing = open
    const closed = await open.close()
    this.#closing = undefined
    if (closed === undefined) return
    this.#asked = false
    this.#closedBytes += closed.bytes
    this.#waiting.push(closed)
    this.#onSegment()
  }
}
