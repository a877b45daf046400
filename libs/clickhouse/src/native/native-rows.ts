import { ClickHouseError } from '../errors.ts'
import { BlockBuilder } from './block-builder.ts'
import { type NativeBlock, readNativeBlocks } from './block-reader.ts'

/** The rows of one Native block, so that some of them can be inserted without the others: not for speed. */
export class NativeRows {
  readonly #block: NativeBlock

  /** @throws ClickHouseError `BAD_DATA` when the bytes are not one Native block. */
  constructor(bytes: Uint8Array) {
    const blocks = readNativeBlocks(bytes)
    if (blocks.length !== 1) throw new ClickHouseError('BAD_DATA', `one Native block was expected, there are ${blocks.length}.`)
    this.#block = blocks[0]!
  }

  get count(): number {
    return this.#block.rows
  }

  /** The rows from `start` up to, and without, `end` as a block. */
  slice(start: number, end: number): Buffer {
    const { columns } = this.#block
    const builder = new BlockBuilder(columns)
    for (const { name, values } of columns) {
      for (const value of values.slice(start, end)) builder.append(name, value)
    }
    return builder.finish()
  }
}
