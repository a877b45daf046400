import { beginAttributes, NOT_PLAIN, readAttribute, readValue, valueStart } from './attributes'
import { isPlainTime } from './times'
import { ATTRIBUTE_BYTES, attributesEnd, BODY_KIND, CODE, endRecord, FIRST_TEXT, KIND, LAST_TEXT, NAME, newRecord, source, SPAN_ID, TIME, TRACE_ID } from './tape'
import { afterVarint, BROKEN, lengthEnd, readId, readLength, storeRange } from './wire'

const MAX_SEVERITY: u32 = 24

/** Notes the log record `source[start, stop)`. False when it is not plain, which is not yet a flaw. */
export function readLog(start: u32, stop: u32): bool {
  const log = newRecord()
  if (log == 0) return false
  const end = source + stop
  let attribute = attributesEnd
  let time: u64 = 0
  let observed: u64 = 0
  let hasBody = false
  beginAttributes()
  for (let at = source + start; at < end;) {
    const tag = <u32>load<u8>(at++)
    switch (tag) {
      case 0x32: { // attributes
        const length = readLength(at, end)
        at = lengthEnd
        if (length > <u32>(end - at) || !readAttribute(at, at + length, attribute)) return false
        attribute += ATTRIBUTE_BYTES
        at += length
        break
      }
      case 0x09: // time_unix_nano
        if (at + 8 > end) return false
        time = load<u64>(at)
        at += 8
        break
      case 0x59: // observed_time_unix_nano
        if (at + 8 > end) return false
        observed = load<u64>(at)
        at += 8
        break
      case 0x10: { // severity_number
        const severity = <u32>load<u8>(at)
        if (severity > MAX_SEVERITY || at == end) return false
        store<u32>(log, severity, KIND)
        at++
        break
      }
      case 0x1a: // severity_text
      case 0x62: { // event_name
        const length = readLength(at, end)
        at = lengthEnd
        if (length > <u32>(end - at)) return false
        storeRange(log + (tag == 0x1a ? NAME : FIRST_TEXT), at, length)
        at += length
        break
      }
      case 0x2a: { // body
        const length = readLength(at, end)
        at = lengthEnd
        // A second one may be empty, which changes nothing, or not.
        if (length > <u32>(end - at) || hasBody) return false
        const kind = readValue(at, at + length)
        if (kind == NOT_PLAIN) return false
        hasBody = true
        at += length
        store<u32>(log, kind, BODY_KIND)
        storeRange(log + LAST_TEXT, valueStart, <u32>(at - valueStart))
        break
      }
      case 0x38: // dropped_attributes_count, which no column has
        at = afterVarint(at, end)
        if (at > end) return false
        break
      case 0x45: // flags
        if (at + 4 > end) return false
        store<u32>(log, load<u8>(at), CODE)
        at += 4
        break
      case 0x4a: // trace_id
      case 0x52: { // span_id
        const id = readId(at, end, tag == 0x4a ? 16 : 8)
        if (id == BROKEN) return false
        store<u32>(log + (tag == 0x4a ? TRACE_ID : SPAN_ID), id)
        at = lengthEnd
        break
      }
      default:
        return false
    }
  }
  // A span of no trace is none.
  if (load<u32>(log, TRACE_ID) == 0) store<u32>(log, 0, SPAN_ID)
  const happened = time == 0 ? observed : time
  if (!isPlainTime(happened)) return false
  store<u64>(log, happened, TIME)
  return endRecord(log, attribute)
}
