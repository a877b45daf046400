import { hashOf, isSame } from './bytes'
import { firstRecord, KIND, NAME, NAME_ID, RECORD_BYTES, recordsEnd } from './tape'
import { storeRange } from './wire'
import { writeLength } from './write-text'

/** Said of a record without a name. */
const NO_NAME: u32 = 0x8000_0000

/**
 * Numbers the names of records in the order in which they come; their ranges go to `names`. Returns how many there are. `slots` are
 * `mask + 1` words of zeros, more than there can be names. With `orKind` a record without a name is named after its kind: its range
 * has no bytes, and begins at the kind.
 */
export function numberNames(slots: usize, mask: u32, names: usize, orKind: bool): u32 {
  let count: u32 = 0
  let before: u32 = 0
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    let at = load<u32>(record, NAME)
    const length = load<u32>(record, NAME + 4)
    const named = length > 0 || !orKind
    if (!named) at = NO_NAME | load<u32>(record, KIND)
    if (before > 0 && isName(names, before, at, length)) {
      store<u32>(record, before - 1, NAME_ID)
      continue
    }
    let slot = (length > 0 ? hashOf(at, length) : at) & mask
    for (;;) {
      before = load<u32>(slots + <usize>slot * 4)
      if (before == 0) {
        storeRange(names + <usize>count * 8, at, length)
        store<u32>(slots + <usize>slot * 4, ++count)
        before = count
        break
      }
      if (isName(names, before, at, length)) break
      slot = (slot + 1) & mask
    }
    store<u32>(record, before - 1, NAME_ID)
  }
  return count
}

@inline
function isName(names: usize, number: u32, at: u32, length: u32): bool {
  const entry = names + <usize>(number - 1) * 8
  if (load<u32>(entry, 4) != length) return false
  return length == 0 ? (load<u32>(entry) | at) < NO_NAME || load<u32>(entry) == at : isSame(load<u32>(entry), at, length)
}

/** Writes texts as a column: `ranges` are where each begins and how long it is, `stride` bytes apart. */
export function writeRanges(to: usize, ranges: usize, stride: usize, count: u32): usize {
  for (let left = count; left > 0; left--, ranges += stride) {
    const length = load<u32>(ranges, 4)
    to = writeLength(to, length)
    memory.copy(to, load<u32>(ranges), length)
    to += length
  }
  return to
}

/** Gives the names other numbers: `numbers` has a word for each. */
export function renumberNames(numbers: usize): void {
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) store<u32>(record, load<u32>(numbers + <usize>load<u32>(record, NAME_ID) * 4), NAME_ID)
}

/** Numbers the kinds (or codes) of records in the order in which they come: writes which they are to `order`, a byte each, and how many there are is returned. `numbers` are 32 bytes of zeros, and hold each one's number plus one then. */
export function numberKinds(field: usize, numbers: usize, order: usize): u32 {
  let count: u32 = 0
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    const kind = load<u32>(record + field)
    if (load<u8>(numbers + kind) != 0) continue
    store<u8>(order + count, <u8>kind)
    store<u8>(numbers + kind, <u8>++count)
  }
  return count
}

/** Column of the numbers of kinds. */
export function writeKindIds(to: usize, field: usize, numbers: usize): usize {
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) store<u8>(to++, load<u8>(numbers + load<u32>(record + field)) - 1)
  return to
}
