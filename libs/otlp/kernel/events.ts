import { beginAttributes, readAttribute } from './attributes'
import { beginKeys, swapKeys } from './keys'
import { ATTRIBUTE_BYTES, attributesEnd, beginEventTape, endRecord, EVENT_COUNT, firstRecord, NAME, newRecord, RECORD_BYTES, recordsEnd, swapTapes, TIME } from './tape'
import { isStorableTime } from './times'
import { afterVarint, lengthEnd, readLength, storeRange } from './wire'

const RANGE_BYTES: usize = 8

/** Ranges of the events of all spans, in order: they are read when all spans are. */
let ranges: usize = 0
let rangesEnd: usize = 0
let rangesLimit: usize = 0

export function beginEventRanges(at: usize, limit: usize): void {
  ranges = rangesEnd = at
  rangesLimit = limit
}

/** Takes note of an event; false when there is no room. */
export function noteEvent(at: usize, length: u32): bool {
  if (rangesEnd + RANGE_BYTES > rangesLimit) return false
  storeRange(rangesEnd, at, length)
  rangesEnd += RANGE_BYTES
  return true
}

export function eventCount(): u32 {
  return <u32>((rangesEnd - ranges) / RANGE_BYTES)
}

/** Selects the other tape, with its keys. */
export function swap(): void {
  swapTapes()
  swapKeys()
}

/** Selects a new tape of events, and reads them. False when one is not plain. */
export function readEvents(records: usize, attributes: usize, limit: usize, keys: usize): bool {
  beginEventTape(records, attributes, limit)
  swapKeys()
  beginKeys(keys)
  for (let range = ranges; range < rangesEnd; range += RANGE_BYTES) {
    const at = <usize>load<u32>(range)
    if (!readEvent(at, at + load<u32>(range, 4))) return false
  }
  return true
}

function readEvent(start: usize, end: usize): bool {
  const event = newRecord()
  if (event == 0) return false
  let attribute = attributesEnd
  beginAttributes()
  for (let at = start; at < end;) {
    const tag = <u32>load<u8>(at++)
    switch (tag) {
      case 0x09: // time_unix_nano
        if (at + 8 > end) return false
        store<u64>(event, load<u64>(at), TIME)
        at += 8
        break
      case 0x12: // name
      case 0x1a: { // attributes
        const length = readLength(at, end)
        at = lengthEnd
        if (length > <u32>(end - at)) return false
        if (tag == 0x12) storeRange(event + NAME, at, length)
        else {
          if (!readAttribute(at, at + length, attribute)) return false
          attribute += ATTRIBUTE_BYTES
        }
        at += length
        break
      }
      case 0x20: // dropped_attributes_count, which no column has
        at = afterVarint(at, end)
        if (at > end) return false
        break
      default:
        return false
    }
  }
  return isStorableTime(load<u64>(event, TIME)) && endRecord(event, attribute)
}

/** Column of where the events of each span end; the tape of spans is selected. */
export function writeEventEnds(to: usize): usize {
  let end: u64 = 0
  for (let span = firstRecord; span < recordsEnd; span += RECORD_BYTES, to += 8) {
    end += load<u32>(span, EVENT_COUNT)
    store<u64>(to, end)
  }
  return to
}
