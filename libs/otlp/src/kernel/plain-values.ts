import { isUtf8 } from 'node:buffer'
import { StringColumn } from '@ballast/clickhouse'
import { NO_LIMIT } from '../limits.ts'
import type { Flaw } from '../protobuf/flaw.ts'
import { ValueWriter } from '../protobuf/value-writer.ts'
import type { Tally } from '../record/tally.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import type { KernelHost } from './kernel.ts'
import type { KernelMemory } from './kernel-memory.ts'
import { notPlain } from './not-plain.ts'

/** What a text is, as `kernel/host.ts` has it. */
const ATTRIBUTE_VALUE = 0
const BODY = 2

/** Longer ones are never written by the kernel. */
const NO_NUMBER = 64

/** Writes the values that the kernel leaves to its host, as the writers of records write them. */
export class PlainValues implements KernelHost {
  /** Also writes the values of resources and scopes. */
  readonly values: ValueWriter
  readonly #bodies: ValueWriter
  readonly #memory: KernelMemory
  readonly #flaw: Flaw
  readonly #redactor: Redactor
  readonly #column = new StringColumn()
  #source: Buffer = Buffer.alloc(0)

  constructor(memory: KernelMemory, flaw: Flaw, redactor: Redactor) {
    this.#memory = memory
    this.#flaw = flaw
    this.#redactor = redactor
    this.values = new ValueWriter(flaw, redactor)
    this.#bodies = new ValueWriter(flaw, redactor, 'maxBodyBytes')
  }

  /** Begins a request, after the redactor did. */
  begin(source: Buffer, options: TranscodeOptions, tally: Tally): void {
    this.#source = source
    this.values.begin(options, tally)
    this.#bodies.begin(options, tally)
    const { sieve, minLength, minNumberLength } = this.#redactor
    const { run } = this.#memory.kernel
    const sought = sieve?.whileCopied
    // The mask and the value are four times the same byte.
    run.beginTexts(sieve !== undefined, minLength, (sought?.mask ?? 0) & 0xff, (sought?.value ?? 0) & 0xff, sieve?.seeksNumbers ?? false)
    run.beginValues(options.limits?.maxValueBytes ?? NO_LIMIT, options.limits?.maxBodyBytes ?? NO_LIMIT, Math.min(minNumberLength, NO_NUMBER))
  }

  isUtf8(start: number, length: number): boolean {
    return isUtf8(this.#source.subarray(start, start + length))
  }

  writeValue(role: number, kind: number, start: number, length: number, to: number): number {
    const writer = role === BODY ? this.#bodies : this.values
    this.#column.clear()
    writer.append(this.#column, this.#source, kind, start, start + length)
    const { dropped } = writer
    writer.dropped = false
    // A dropped attribute goes with its key; of another text nothing is left.
    return dropped && role === ATTRIBUTE_VALUE ? 0 : this.#take(to)
  }

  writePseudonym(kind: number, start: number, length: number, to: number): number {
    this.#column.clear()
    this.values.appendPseudonym(this.#column, this.#source, kind, start, start + length)
    return this.#take(to)
  }

  #take(to: number): number {
    if (this.#flaw.reason !== undefined) throw notPlain
    const { bytes, length } = this.#column.data
    if (!this.#memory.extend(length)) throw notPlain
    bytes.copy(this.#memory.kernel.bytes, to, 0, length)
    return length
  }
}
