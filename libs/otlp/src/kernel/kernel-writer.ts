import { EncodedTexts, type InsertColumn, insertColumns, lowCardinality, type TableDefinition } from '@ballast/clickhouse'
import type { KernelMemory } from './kernel-memory.ts'
import { KINDS_BYTES } from './kernel-memory.ts'
import type { KernelFunctions } from './kernel.ts'
import { notPlain } from './not-plain.ts'

const UINT64_BYTES = 8

/** Writes the values of one column. */
export type WriteColumn = () => void

/** Writes a block of the Native format into the kernel's memory, column after column where it will stay: what `BlockBuilder` does for records that are not plain. */
export class KernelWriter {
  readonly memory: KernelMemory
  readonly run: KernelFunctions
  readonly #headers: readonly { readonly name: string; readonly bytes: Buffer }[]
  readonly columnNames: readonly string[]
  rows = 0
  /** Where the next column begins. */
  at = 0

  constructor(memory: KernelMemory, table: TableDefinition) {
    const columns = insertColumns(table)
    this.memory = memory
    this.run = memory.kernel.run
    this.columnNames = columns.map(({ name }) => name)
    this.#headers = columns.map(({ name, type }: InsertColumn) => ({ name, bytes: Buffer.concat([EncodedTexts.of(name).bytes, EncodedTexts.of(type).bytes]) }))
  }

  /** Bytes that a block takes beside what is in its columns. */
  get overhead(): number {
    return this.#headers.reduce((sum, { bytes }) => sum + bytes.length + 64, 16)
  }

  /** A block of `rows` rows, as a copy. `columns` says how each is written. */
  block(rows: number, columns: Readonly<Record<string, WriteColumn>>): Buffer {
    this.rows = rows
    this.at = this.memory.blockAt
    this.varint(this.#headers.length)
    this.varint(rows)
    for (const { name, bytes } of this.#headers) {
      this.put(bytes)
      columns[name]!()
    }
    // Copied, because the memory is used again.
    return Buffer.from(this.memory.kernel.bytes.subarray(this.memory.blockAt, this.at))
  }

  /** A column that the kernel wrote: it ends there. */
  took(end: number): void {
    if (end === 0) throw notPlain
    this.at = end
  }

  put(bytes: Uint8Array): void {
    this.memory.kernel.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  varint(value: number): void {
    let rest = value
    const { bytes } = this.memory.kernel
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes[this.at++] = (rest % 128) | 0x80
    bytes[this.at++] = rest
  }

  uint64(value: number): void {
    const { view } = this.memory.kernel
    view.setUint32(this.at, value, true)
    view.setUint32(this.at + 4, Math.floor(value / 2 ** 32), true)
    this.at += UINT64_BYTES
  }

  /** The same bytes `times` times. */
  repeat(bytes: Uint8Array, times: number): void {
    const end = this.at + bytes.length * times
    if (bytes.length > 0 && times > 0) this.memory.kernel.bytes.fill(bytes, this.at, end)
    this.at = end
  }

  zeros(bytes: number): void {
    this.memory.kernel.bytes.fill(0, this.at, this.at + bytes)
    this.at += bytes
  }

  /** Says that dictionaries follow; the beginning of every column that has one. */
  dictionaryVersion(): void {
    this.uint64(lowCardinality.keysVersion)
  }

  /** A dictionary of `size` encoded texts, and for `rows` rows their numbers, which `writeIds` writes, `width` bytes each. Nothing at all for no rows. */
  dictionary(size: number, writeTexts: () => void, rows: number, writeIds: (width: 1 | 2 | 4) => void): void {
    if (rows === 0) return
    const width = lowCardinality.indexBytes(size)
    this.uint64(lowCardinality.flags(width))
    this.uint64(size)
    writeTexts()
    this.uint64(rows)
    writeIds(width)
  }

  /** The attributes of the selected tape as maps. */
  attributes(): void {
    const { run } = this
    const keys = run.keyCount()
    this.took(run.writeAttributeEnds(this.at))
    this.dictionary(keys, () => this.took(run.writeRanges(this.at, run.keyEntries(), run.KEY_BYTES.value, keys)), run.attributeCount(), (width) => this.took(run.writeKeyIds(this.at, width)))
    this.took(run.writeValues(this.at))
  }

  /** A column of one of a few names: the name of each record's kind (or code). */
  kinds(field: number, names: readonly EncodedTexts[]): void {
    const { kindsAt, kernel } = this.memory
    const order = kindsAt + KINDS_BYTES
    kernel.bytes.fill(0, kindsAt, order)
    const count = this.run.numberKinds(field, kindsAt, order)
    this.dictionaryVersion()
    this.dictionary(
      count,
      () => {
        for (let at = 0; at < count; at++) this.put(names[kernel.bytes[order + at]!]!.bytes)
      },
      this.rows,
      () => this.took(this.run.writeKindIds(this.at, field, kindsAt)),
    )
  }
}
