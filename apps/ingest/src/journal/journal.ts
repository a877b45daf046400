import { BufferPool } from '../buffer-pool.ts'
import type { Block } from '../delivery/block-store.ts'
import type { Signal } from '../otlp-http/signal.ts'
import type { JournalFiles } from './journal-files.ts'
import { encodeRecord } from './journal-record.ts'
import { recover, type Recovered } from './recover.ts'
import { digestKey, Repeats } from './repeats.ts'
import { LANES, LATE } from './segment-name.ts'
import { readSegment, type Segment, type SegmentContent } from './segment.ts'
import { SegmentQueue } from './segment-queue.ts'
import { SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts'

/** One request whose rows are to be stored. */
export interface AcceptableRequest {
  readonly tenantId: string
  readonly signal: Signal
  /** Names the request's bytes, so that a repeat can be recognised. */
  readonly digest: Uint8Array
  /** Whether it has records of late days: these go into segments of their own. @default false */
  readonly isLate?: boolean
  /** At least one; accepted as a whole. */
  readonly blocks: readonly Block[]
  /** Whether its sender still waits. When it does not, the request may come again, and is a repeat then. */
  isAwaited(): boolean
}

/** What became of one request. */
export type AppendOutcome =
  /** It is on the disk, and will be in ClickHouse. */
  | { readonly kind: 'accepted'; readonly sequence: number; readonly acceptedAtMs: number }
  /** It was accepted before, when its sender did not hear so. */
  | { readonly kind: 'repeat' }
  /** There is no room for it until so many bytes are stored. */
  | { readonly kind: 'full'; readonly message: string; readonly missingBytes: number }
  /** The disk does not take it. */
  | { readonly kind: 'unavailable'; readonly message: string }

export interface JournalOptions {
  readonly files: JournalFiles
  /** Bytes on the disk above which requests are refused. */
  readonly maxBytes: number
  /** Age of the oldest request above which more are refused, milliseconds. */
  readonly maxAgeMs: number
  /** What closes a segment, which is what one insert holds. */
  readonly segment: SegmentWriterOptions['bounds']
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onSync?: SegmentWriterOptions['onSync']
}

/** A request on its way to the disk. */
interface Underway {
  readonly isAwaited: () => boolean
  readonly outcome: Promise<AppendOutcome>
}

/**
 * Segments that may wait. Every fourth that is sent is the oldest, so a segment is repeated within four times as many inserts,
 * which must stay below the deduplication window of the tables (10,000): only then a repeat after a crash counts once.
 */
const MAX_SEGMENTS = 2_000

/** Releases between two times that the folder's names are put on the disk. Until then a power cut brings released segments back. */
const RELEASES_PER_SYNC = 64

/** Memory of segments that were sent, for those that are sent next: as much as three of full size. */
const SEGMENT_MEMORY = { stepBytes: 8 * 2 ** 20, maxKeptBytes: 104 * 2 ** 20 }

/** How many times as old a segment with records of late days becomes: each of its days is a part in every table. */
const LATE_AGE_FACTOR = 30

/**
 * What was accepted and is not in ClickHouse yet, on the disk. A segment is written once, closed once, and sent as it is until
 * it is stored: that is what makes a repeated insert byte for byte the same.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #recovered: Recovered
  readonly #repeats: Repeats
  readonly #queue: SegmentQueue
  readonly #writer: SegmentWriter
  readonly #lateWriter: SegmentWriter
  /** By digest. */
  readonly #underway = new Map<string, Underway>()
  readonly #memory = new BufferPool(SEGMENT_MEMORY)
  #nextSequence: number
  #releasesToSync = 0
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
    this.#nextSequence = recovered.nextSequence
    this.#queue = new SegmentQueue(recovered.segments)
    const { files, segment: bounds, now, onSync } = options
    const shared = { files, now, onSync }
    this.#writer = new SegmentWriter({
      ...shared,
      bounds,
      onClosed: (segment) => {
        this.#queue.push(segment)
        this.#onSegment()
      },
    })
    this.#lateWriter = new SegmentWriter({
      ...shared,
      bounds: { ...bounds, maxAgeMs: bounds.maxAgeMs * LATE_AGE_FACTOR },
      onClosed: (segment) => {
        this.#queue.pushLate(segment)
        this.#lateWriter.ask()
        this.#onSegment()
      },
    })
    // Whoever is busy with today's: it is closed when it is old enough.
    this.#lateWriter.ask()
  }

  /** What was found at the start. */
  get recovered(): Recovered {
    return this.#recovered
  }

  /** Bytes on the disk or on their way to it. */
  get bytes(): number {
    return this.#queue.bytes + this.#writer.bytes + this.#lateWriter.bytes
  }

  /** Bytes above which requests are refused. */
  get maxBytes(): number {
    return this.#options.maxBytes
  }

  /** Segments that are not stored. */
  get segments(): number {
    return this.#queue.size + this.#writer.segments + this.#lateWriter.segments
  }

  /** Age of the oldest segment that is not stored, milliseconds; 0 without one. */
  get oldestAgeMs(): number {
    return this.#ageOf(Math.min(this.#queue.oldestAtMs, this.#writer.oldestAtMs, this.#lateWriter.oldestAtMs))
  }

  /** The same, without records of late days, which are in no hurry. */
  get oldestPunctualAgeMs(): number {
    return this.#ageOf(Math.min(this.#queue.oldestPunctualAtMs, this.#writer.oldestAtMs))
  }

  /** How long ago the segment that is being written was begun; 0 without one. */
  get openAgeMs(): number {
    return this.#ageOf(this.#writer.openSinceMs)
  }

  /** Why the last write failed; `undefined` when it did not. */
  get failure(): string | undefined {
    return this.#writer.failure ?? this.#lateWriter.failure
  }

  /** Called whenever a segment can be taken. */
  onSegment(listener: () => void): void {
    this.#onSegment = listener
  }

  /** What a request of so many bytes is refused with for lack of room; `undefined` when there is room. */
  refusal(bytes = 0): Extract<AppendOutcome, { kind: 'full' }> | undefined {
    const { maxBytes, maxAgeMs } = this.#options
    const full = (why: string, missingBytes: number): ReturnType<Journal['refusal']> => ({ kind: 'full', message: `the journal is full: ${why}`, missingBytes })
    if (this.bytes + bytes > maxBytes) return full(`${this.bytes} of ${maxBytes} bytes wait for ClickHouse`, Math.min(this.bytes, this.bytes + bytes - maxBytes))
    if (this.segments >= MAX_SEGMENTS) return full(`${this.segments} segments wait for ClickHouse`, this.bytes / this.segments)
    // The oldest go one in four.
    if (this.oldestAgeMs > maxAgeMs) return full(`what is in it has waited for ${Math.round(this.oldestAgeMs / 1000)} s`, Math.min(this.bytes, (4 * this.bytes) / this.segments))
    return undefined
  }

  /** Puts a request on the disk; resolves after the fsync that covers it. Never rejects. */
  append(request: AcceptableRequest): Promise<AppendOutcome> {
    const { digest } = request
    if (this.#repeats.has(digest)) return Promise.resolve({ kind: 'repeat' })
    const key = digestKey(digest)
    const earlier = this.#underway.get(key)
    // The sender of the same bytes gave up while the disk was slow: this is its repeat.
    if (earlier?.isAwaited() === false) return earlier.outcome.then((outcome) => (outcome.kind === 'accepted' ? { kind: 'repeat' } : outcome))
    const underway: Underway = { isAwaited: () => request.isAwaited(), outcome: this.#write(request) }
    this.#underway.set(key, underway)
    return underway.outcome.then((outcome) => {
      if (this.#underway.get(key) === underway) this.#underway.delete(key)
      if (outcome.kind === 'accepted' && !request.isAwaited()) this.#repeats.add(digest)
      return outcome
    })
  }

  /**
   * A segment to send; see {@link SegmentQueue}. The newest is the open one: when it is old enough it is closed, and can be
   * taken in a moment. Without any it is closed as soon as it is old enough.
   *
   * @param which - `full` leaves the open one to grow.
   */
  take(which: 'full' | 'any' = 'any'): Segment | undefined {
    if (which === 'any' && this.#queue.isNewestNext && this.#writer.closeIfDue()) return undefined
    const segment = this.#queue.take()
    if (segment === undefined && which === 'any') this.#writer.ask()
    return segment
  }

  read(segment: Segment): Promise<SegmentContent> {
    return readSegment(this.#options.files, segment.file, segment.bytes, (bytes) => this.#memory.take(bytes))
  }

  /**
   * The segment is stored: its file goes.
   *
   * @param content - what was read of it; nobody looks at it any more.
   */
  async release(segment: Segment, content?: Pick<SegmentContent, 'memory'>): Promise<void> {
    if (content !== undefined) this.#memory.give(content.memory)
    await this.#options.files.remove(segment.file)
    this.#queue.remove(segment)
    if (++this.#releasesToSync >= RELEASES_PER_SYNC) await this.#syncNames()
  }

  /** What could be read of the segment is stored; its file stays for inspection. */
  async setAside(segment: Segment): Promise<void> {
    await this.#options.files.rename(segment.file, `${segment.id}.corrupt`)
    this.#queue.remove(segment)
    await this.#syncNames()
  }

  /** Closes the open segment, however young, so that it can be taken. */
  async flush(): Promise<void> {
    await Promise.all([this.#writer.flush(), this.#lateWriter.flush()])
  }

  /** Puts all that must outlive the process on the disk. */
  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#lateWriter.close()])
    await this.#repeats.save(this.#options.files)
  }

  /** @throws when nothing can be accepted; after a failure of the disk it is tried. */
  async check(): Promise<void> {
    const refusal = this.refusal()
    if (refusal !== undefined) throw new Error(refusal.message)
    await this.#writer.probe()
    await this.#lateWriter.probe()
  }

  async #write(request: AcceptableRequest): Promise<AppendOutcome> {
    const isLate = request.isLate === true
    const sequence = this.#nextSequence + (isLate ? LATE : 0)
    const acceptedAtMs = this.#options.now()
    const parts = encodeRecord({ ...request, sequence, acceptedAtMs })
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    const refusal = this.refusal(bytes)
    if (refusal !== undefined) return refusal
    this.#nextSequence += LANES
    const rows = request.blocks.reduce((sum, block) => sum + block.rows, 0)
    const failure = await (isLate ? this.#lateWriter : this.#writer).write({ sequence, parts, bytes, rows })
    return failure === undefined ? { kind: 'accepted', sequence, acceptedAtMs } : { kind: 'unavailable', message: failure }
  }

  #ageOf(atMs: number): number {
    return atMs === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#options.now() - atMs)
  }

  async #syncNames(): Promise<void> {
    this.#releasesToSync = 0
    await this.#options.files.syncNames()
  }
}
