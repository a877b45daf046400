import { beginAttributes, readAttribute } from './attributes'
import { ATTRIBUTE_BYTES, attributesEnd, CODE, endRecord, EVENT_COUNT, FIRST_TEXT, KIND, LAST_TEXT, LATER_TIME, NAME, newRecord, PARENT_SPAN_ID, source, SPAN_ID, TIME, TRACE_ID } from './tape'
import { isPlainTime, isStorableTime } from './times'
import { noteEvent } from './events'
import { afterVarint, BROKEN, lengthEnd, readId, readLength, storeRange } from './wire'

const MAX_KIND: u32 = 5
const MAX_CODE: u32 = 2

/** Notes the span `source[start, stop)`. False when it is not plain, which is not yet a flaw. */
export function readSpan(start: u32, stop: u32): bool {
  const span = newRecord()
  if (span == 0) return false
  const end = source + stop
  let attribute = attributesEnd
  beginAttributes()
  for (let at = source + start; at < end;) {
    const tag = <u32>load<u8>(at++)
    switch (tag) {
      case 0x4a: { // attributes
        const length = readLength(at, end)
        at = lengthEnd
        if (length > <u32>(end - at) || !readAttribute(at, at + length, attribute)) return false
        attribute += ATTRIBUTE_BYTES
        at += length
        break
      }
      case 0x0a: { // trace_id
        const id = readId(at, end, 16)
        if (id == BROKEN) return false
        store<u32>(span, id, TRACE_ID)
        at = lengthEnd
        break
      }
      case 0x12: // span_id
      case 0x22: { // parent_span_id
        const id = readId(at, end, 8)
        if (id == BROKEN) return false
        store<u32>(span + (tag == 0x12 ? SPAN_ID : PARENT_SPAN_ID), id)
        at = lengthEnd
        break
      }
      case 0x1a: // trace_state
      case 0x2a: { // name
        const length = readLength(at, end)
        at = lengthEnd
        if (length > <u32>(end - at)) return false
        storeRange(span + (tag == 0x2a ? NAME : FIRST_TEXT), at, length)
        at += length
        break
      }
      case 0x30: { // kind
        const kind = <u32>load<u8>(at)
        if (kind > MAX_KIND || at == end) return false
        store<u32>(span, kind, KIND)
        at++
        break
      }
      case 0x39: // start_time_unix_nano
      case 0x41: // end_time_unix_nano
        if (at + 8 > end) return false
        store<u64>(span + (tag == 0x39 ? TIME : LATER_TIME), load<u64>(at))
        at += 8
        break
      case 0x7a: { // status
        const length = readLength(at, end)
        at = lengthEnd
        if (length > <u32>(end - at) || !readStatus(at, at + length, span)) return false
        at += length
        break
      }
      case 0x5a: { // events
        const length = readLength(at, end)
        at = lengthEnd
        if (length > <u32>(end - at) || !noteEvent(at, length)) return false
        store<u32>(span, load<u32>(span, EVENT_COUNT) + 1, EVENT_COUNT)
        at += length
        break
      }
      case 0x50: // dropped_attributes_count, dropped_events_count, dropped_links_count: no column has them
      case 0x60:
      case 0x70:
        at = afterVarint(at, end)
        if (at > end) return false
        break
      case 0x85: // flags, which no column has
        if (load<u8>(at) != 1 || at + 5 > end) return false
        at += 5
        break
      default:
        return false
    }
  }
  if (load<u32>(span, TRACE_ID) == 0 || load<u32>(span, SPAN_ID) == 0) return false
  if (!isPlainTime(load<u64>(span, TIME)) || !isStorableTime(load<u64>(span, LATER_TIME))) return false
  return endRecord(span, attribute)
}

function readStatus(start: usize, end: usize, span: usize): bool {
  for (let at = start; at < end;) {
    const tag = load<u8>(at++)
    if (tag == 0x18) { // code
      const code = <u32>load<u8>(at)
      if (code > MAX_CODE || at == end) return false
      store<u32>(span, code, CODE)
      at++
    } else if (tag == 0x12) { // message
      const length = readLength(at, end)
      at = lengthEnd
      if (length > <u32>(end - at)) return false
      storeRange(span + LAST_TEXT, at, length)
      at += length
    } else return false
  }
  return true
}
