import { writeHexText, writeShortHexText } from './hex'
import { firstRecord, RECORD_BYTES, recordsEnd } from './tape'

/** Column of 16 bytes of each record in lower-case hex; where there are none, nothing. */
export function writeHex16(to: usize, field: usize): usize {
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    const at = load<u32>(record + field)
    if (at == 0) store<u8>(to++, 0)
    else {
      writeHexText(to, v128.load(at))
      to += 33
    }
  }
  return to
}

/** The same for 8 bytes. */
export function writeHex8(to: usize, field: usize): usize {
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    const at = load<u32>(record + field)
    if (at == 0) store<u8>(to++, 0)
    else {
      writeShortHexText(to, i64x2(load<u64>(at), 0))
      to += 17
    }
  }
  return to
}
