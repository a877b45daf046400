import { EncodedTexts, LowCardinalityColumn, type MapColumn, type MapRow } from '@ballast/clickhouse'
import type { KernelWriter } from './kernel-writer.ts'

/** Records of one scope, which follow each other. */
interface Run<T> {
  readonly value: T
  rows: number
}

/** A column whose value is the same for all records of a scope. */
abstract class RunColumn<T> {
  protected readonly runs: Run<T>[] = []

  clear(): void {
    this.runs.length = 0
  }

  /** Begins a scope. */
  protected begin(value: T): void {
    this.runs.push({ value, rows: 0 })
  }

  /** `rows` records of the scope that began last. */
  end(rows: number): void {
    const run = this.runs.at(-1)
    if (run !== undefined) run.rows = rows
  }

  /** Bytes that it takes at most. */
  abstract get bytes(): number
  abstract write(writer: KernelWriter): void
}

/** Texts. */
export class TextRuns extends RunColumn<EncodedTexts> {
  beginScope(text: string): void {
    this.begin(EncodedTexts.of(text))
  }

  get bytes(): number {
    return this.runs.reduce((sum, { value, rows }) => sum + value.bytes.length * rows, 0)
  }

  write(writer: KernelWriter): void {
    for (const { value, rows } of this.runs) writer.repeat(value.bytes, rows)
  }
}

/** Texts with a dictionary. */
export class NameRuns extends RunColumn<number> {
  readonly #column = new LowCardinalityColumn()

  override clear(): void {
    super.clear()
    this.#column.clear()
  }

  /** Takes the text into the dictionary at once, where `BlockBuilder` has it, too. */
  idOf(text: string): number {
    return this.#column.idOfText(text)
  }

  beginScope(text: string): void {
    this.begin(this.idOf(text))
  }

  get bytes(): number {
    return this.#column.dictionary.values.dataBytes + this.runs.reduce((sum, { rows }) => sum + rows * 4, 0)
  }

  write(writer: KernelWriter): void {
    writer.dictionaryVersion()
    writeRunIds(writer, this.#column, this.runs, writer.rows, (id) => [id])
  }
}

/** Maps. */
export class MapRuns extends RunColumn<MapRow> {
  readonly #column: MapColumn

  constructor(column: MapColumn) {
    super()
    this.#column = column
  }

  override clear(): void {
    super.clear()
    this.#column.clear()
  }

  beginScope(row: MapRow): void {
    this.begin(row)
  }

  get bytes(): number {
    const { dataBytes } = this.#column.keys.dictionary.values
    return dataBytes + this.runs.reduce((sum, { value, rows }) => sum + rows * (8 + value.keys.length * 4 + value.values.bytes.length), 0)
  }

  write(writer: KernelWriter): void {
    writer.dictionaryVersion()
    let pairs = 0
    for (const { value, rows } of this.runs) {
      writer.took(writer.run.writeEnds(writer.at, pairs, value.keys.length, rows))
      pairs += rows * value.keys.length
    }
    writeRunIds(writer, this.#column.keys, this.runs, pairs, ({ keys }) => keys)
    for (const { value, rows } of this.runs) writer.repeat(value.values.bytes, rows)
  }
}

function writeRunIds<T>(writer: KernelWriter, { dictionary }: LowCardinalityColumn, runs: readonly Run<T>[], rows: number, idsOf: (value: T) => Iterable<number>): void {
  writer.dictionary(
    dictionary.size,
    () => {
      writer.at = dictionary.values.writeData(writer.memory.kernel.bytes, writer.at)
    },
    rows,
    (width) => {
      for (const { value, rows: times } of runs) writer.repeat(littleEndian(idsOf(value), width), times)
    },
  )
}

function littleEndian(ids: Iterable<number>, width: 1 | 2 | 4): Uint8Array {
  if (width === 1) return Uint8Array.from(ids)
  const words = width === 2 ? Uint16Array.from(ids) : Uint32Array.from(ids)
  return new Uint8Array(words.buffer)
}
