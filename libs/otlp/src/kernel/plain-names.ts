import { LowCardinalityColumn } from '@ballast/clickhouse'
import type { GuardedKey } from '../cardinality/cardinality-guard.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { KernelWriter } from './kernel-writer.ts'
import { notPlain } from './not-plain.ts'
import { isStoredAsItIs } from './stored-text.ts'

const RANGE_BYTES = 8

/** Where the range of a record begins that has no name and goes by its kind, which is added. */
const NO_NAME = 0x8000_0000

/** Writes the names of records as a column with a dictionary. */
export class PlainNames {
  readonly #writer: KernelWriter
  readonly #redactor: Redactor
  /** What records without a name are called, by their kind. Absent: nothing. */
  readonly #kinds: readonly string[] | undefined
  readonly #column = new LowCardinalityColumn()

  constructor(writer: KernelWriter, redactor: Redactor, kinds?: readonly string[]) {
    this.#writer = writer
    this.#redactor = redactor
    this.#kinds = kinds
  }

  /** Writes the names of the selected tape, which has `rows` records; `guard` bounds how many there are. */
  write(source: Buffer, guard: GuardedKey | undefined, rows: number): void {
    const writer = this.#writer
    const { memory, run } = writer
    const { dictionary } = this.#column
    this.#column.clear()
    const names = memory.numberNames(this.#kinds !== undefined)
    const numbers = Array.from({ length: names }, (_, name) => this.#idOf(source, name, guard))
    // Several kinds may have one name, and a text may be the name of a kind.
    if (dictionary.size < names) memory.renumberNames(numbers)
    writer.dictionary(
      dictionary.size,
      () => {
        writer.at = dictionary.values.writeData(memory.kernel.bytes, writer.at)
      },
      rows,
      (width) => writer.took(run.write32(writer.at, run.NAME_ID.value, width)),
    )
  }

  #idOf(source: Buffer, name: number, guard: GuardedKey | undefined): number {
    const { kernel, namesAt, sourceAt } = this.#writer.memory
    const at = kernel.view.getUint32(namesAt + name * RANGE_BYTES, true)
    const length = kernel.view.getUint32(namesAt + name * RANGE_BYTES + 4, true)
    if (at >= NO_NAME) return this.#column.idOfText(this.#kinds![at - NO_NAME]!)
    const start = length === 0 ? 0 : at - sourceAt
    const stop = start + length
    const known = this.#column.dictionary.find(source, start, stop)
    if (known !== -1) return known
    if (!isStoredAsItIs(source, start, stop, this.#redactor) || guard?.admits(source, start, stop) === false) throw notPlain
    return this.#column.dictionary.idOf(source, start, stop)
  }
}
