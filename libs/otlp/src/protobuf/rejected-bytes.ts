import { LEN, WireReader } from './wire-reader.ts'

/** Wire type 3 begins a group, which no field of ours is. */
const START_GROUP = 3

/** The longest id. */
const MAX_ID_BYTES = 16

/**
 * Of a rejected record what holds no text: its ids, times and numbers, as a message of the same kind. With redaction that is what is
 * kept, because in a record that cannot be read there is no telling what its texts are.
 */
export function withoutTexts(source: Buffer, start: number, stop: number, idFields: readonly number[]): Buffer {
  const reader = new WireReader().open(source, start, stop)
  const kept: Buffer[] = []
  for (let from = start; reader.next(); from = reader.at) {
    const type = reader.tag & 7
    if (type === LEN) {
      const isId = idFields.includes(reader.tag >>> 3)
      reader.range()
      if (isId && reader.stop - reader.start <= MAX_ID_BYTES) kept.push(source.subarray(from, reader.stop))
    } else {
      reader.skip()
      if (type !== START_GROUP) kept.push(source.subarray(from, reader.at))
    }
  }
  return Buffer.concat(kept)
}
