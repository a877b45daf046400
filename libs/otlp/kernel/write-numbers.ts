import { firstRecord, LATER_TIME, RECORD_BYTES, recordsEnd, TIME } from './tape'

/** Column of eight bytes of each record. */
export function write64(to: usize, field: usize): usize {
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES, to += 8) store<u64>(to, load<u64>(record + field))
  return to
}

/** Column of the low `width` bytes of a number of each record: 1, 2 or 4. */
export function write32(to: usize, field: usize, width: u32): usize {
  if (width == 1) for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) store<u8>(to++, load<u8>(record + field))
  else if (width == 2) for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES, to += 2) store<u16>(to, load<u16>(record + field))
  else for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES, to += 4) store<u32>(to, load<u32>(record + field))
  return to
}

let backwards: u32 = 0

/** How many spans of the last column of durations end before they start. */
export function backwardCount(): u32 {
  return backwards
}

/** Column of how long spans took: nothing when they end before they start. */
export function writeDurations(to: usize): usize {
  backwards = 0
  for (let span = firstRecord; span < recordsEnd; span += RECORD_BYTES, to += 8) {
    const start = load<u64>(span, TIME)
    const end = load<u64>(span, LATER_TIME)
    if (end < start) {
      backwards++
      store<u64>(to, 0)
    } else store<u64>(to, end - start)
  }
  return to
}

/** Column of numbers that grow by `step`, after `first`: where arrays of one length end. */
export function writeEnds(to: usize, first: u32, step: u32, count: u32): usize {
  let end: u64 = first
  for (let left = count; left > 0; left--, to += 8) {
    end += step
    store<u64>(to, end)
  }
  return to
}
