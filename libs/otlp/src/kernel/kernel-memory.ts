import { notPlain } from './not-plain.ts'
import { type Kernel, SLACK_BYTES } from './kernel.ts'

/** Below is what the compiler keeps for itself. */
const KEYS_AT = 4096

/** Smallest plain record and attribute: of so many bytes on the wire the tape takes fewer than three times as many. */
const TAPE_FACTOR = 3
const TAPE_MIN_BYTES = 4096

const WORD_BYTES = 4
const RANGE_BYTES = 8

/** Numbers of kinds, then the kinds in their order. */
export const KINDS_BYTES = 64

/** Divides the kernel's memory for one request: what is remembered, the request, the tape, tables, then the block. */
export class KernelMemory {
  readonly kernel: Kernel
  readonly #eventKeysAt: number
  readonly #pseudonymsAt: number
  readonly #sourceAt: number
  /** Where the ranges of names go. */
  namesAt = 0
  /** Where two times {@link KINDS_BYTES} zeros are. */
  kindsAt = 0
  /** Where the block begins. */
  blockAt = 0
  /** Where the room for the block ends. */
  #limit = 0
  #tapeBytes = 0
  #slotsAt = 0
  #slots = 0

  constructor(kernel: Kernel) {
    this.kernel = kernel
    const { KEY_TABLE_BYTES, PSEUDONYM_BYTES } = kernel.run
    this.#eventKeysAt = aligned(KEYS_AT + KEY_TABLE_BYTES.value)
    this.#pseudonymsAt = aligned(this.#eventKeysAt + KEY_TABLE_BYTES.value)
    this.#sourceAt = aligned(this.#pseudonymsAt + PSEUDONYM_BYTES.value)
  }

  /** Where the request lies. */
  get sourceAt(): number {
    return this.#sourceAt
  }

  /** Takes a request in. `owner` is whose pseudonyms are stored; a record has at most `maxAttributes`. */
  begin(source: Buffer, owner: number, maxAttributes: number): void {
    const { kernel } = this
    const tapeBytes = aligned(source.length * TAPE_FACTOR + TAPE_MIN_BYTES)
    const recordsAt = aligned(this.#sourceAt + source.length + SLACK_BYTES)
    const rangesAt = recordsAt + tapeBytes * 2
    const end = rangesAt + tapeBytes
    if (!kernel.ensure(end + SLACK_BYTES)) throw notPlain
    source.copy(kernel.bytes, this.#sourceAt)
    // What is read beyond the end must be the same each time.
    kernel.bytes.fill(0, this.#sourceAt + source.length, recordsAt)
    kernel.run.beginTape(this.#sourceAt, recordsAt, recordsAt + tapeBytes, rangesAt, maxAttributes)
    kernel.run.beginEventRanges(rangesAt, end)
    kernel.run.beginKeys(KEYS_AT)
    kernel.run.beginPseudonyms(this.#pseudonymsAt, owner)
    this.namesAt = end
    this.#tapeBytes = tapeBytes
  }

  /** Reads the events of the spans that were read; `false` when they are not plain. Their tape is selected. */
  readEvents(): boolean {
    const recordsAt = this.namesAt
    const attributesAt = recordsAt + this.#tapeBytes
    const end = attributesAt + this.#tapeBytes
    if (!this.kernel.ensure(end + SLACK_BYTES)) throw notPlain
    this.namesAt = end
    return this.kernel.run.readEvents(recordsAt, attributesAt, end, this.#eventKeysAt) === 1
  }

  /** Has something of up to `bytes` bytes written at `namesAt`, where it stays until names are numbered; returns where it ends. */
  writeAside(write: (to: number) => number, bytes: number): number {
    if (!this.kernel.ensure(this.namesAt + bytes + SLACK_BYTES)) throw notPlain
    return write(this.namesAt)
  }

  /** Makes room for the tables of names of `rows` records or events, and a block of up to `bytes`. */
  beginBlock(rows: number, bytes: number): void {
    const { kernel } = this
    this.#slots = 2 ** Math.ceil(Math.log2(rows * 2 + 1))
    this.#slotsAt = aligned(this.namesAt + rows * RANGE_BYTES)
    this.kindsAt = this.#slotsAt + this.#slots * WORD_BYTES
    this.blockAt = aligned(this.kindsAt + KINDS_BYTES * 2)
    this.#limit = this.blockAt + bytes + SLACK_BYTES
    if (!kernel.ensure(this.#limit)) throw notPlain
  }

  /** Makes the room for the block larger by `bytes`; `false` when it may not be. */
  extend(bytes: number): boolean {
    this.#limit += bytes
    return this.kernel.ensure(this.#limit)
  }

  /** Numbers the names of the records of the selected tape; returns how many there are. */
  numberNames(orKind: boolean): number {
    this.kernel.bytes.fill(0, this.#slotsAt, this.kindsAt)
    return this.kernel.run.numberNames(this.#slotsAt, this.#slots - 1, this.namesAt, orKind)
  }

  /** Gives the names the numbers of `numbers`. */
  renumberNames(numbers: readonly number[]): void {
    const { view, run } = this.kernel
    for (const [at, number] of numbers.entries()) view.setUint32(this.#slotsAt + at * WORD_BYTES, number, true)
    run.renumberNames(this.#slotsAt)
  }
}

/** To whole cache lines. */
function aligned(at: number): number {
  return Math.ceil(at / 64) * 64
}
