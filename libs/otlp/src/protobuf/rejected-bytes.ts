import { LEN, WireReader } from './wire-reader.ts'

/** Wire type 3 begins a group, which no field of ours is. */
const START_GROUP = 3

/** A span id, a trace id; what is longer or shorter may be a text. */
const ID_BYTES = [8, 16]

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
      if (isId && ID_BYTES.includes(reader.stop - reader.start)) kept.push(source.subarray(from, reader.stop))
    } else {
      reader.skip()
      if (type !== START_GROUP) kept.push(source.subarray(from, reader.at))
    }
  }
  return Buffer.concat(kept)
}
