import { ATTRIBUTE_VALUE, BODY, TEXT, writeValue } from './host'
import { writeIntegerText } from './integer-text'
import { writeKnownPseudonym } from './pseudonyms'
import { ATTRIBUTE_BYTES, attributesEnd, BODY_KIND, BOOL, EMPTY, firstAttribute, firstRecord, INT, KEY_ID, LAST_TEXT, MASKED, PSEUDONYM, RECORD_BYTES, recordsEnd, source, STRING, VALUE, VALUE_KIND, VALUE_LENGTH } from './tape'
import { writeText } from './write-text'

/** `[redacted]` as a column has it: its length, then its bytes. */
const MASK_BYTES: u32 = 11
const MASK_LOW: u64 = 0x746361646572_5b0a // "\n[redact", the line feed being the length

/** The same for `true` and `false`. */
const TRUE: u64 = 0x65_7572_7404
const TRUE_BYTES: u32 = 5
const FALSE: u64 = 0x6573_6c61_6605
const FALSE_BYTES: u32 = 6

let maxValueBytes: u32 = 0
let maxBodyBytes: u32 = 0
/** Integers of so many digits may be card numbers. */
let numberFrom: u32 = 0

export function beginValues(maxValue: u32, maxBody: u32, seekNumbersFrom: u32): void {
  maxValueBytes = maxValue
  maxBodyBytes = maxBody
  numberFrom = seekNumbersFrom
}

/** Column of a text of each record; 0 to give up. */
export function writeTexts(to: usize, field: usize): usize {
  for (let record = firstRecord; record < recordsEnd && to != 0; record += RECORD_BYTES) {
    to = writeText(to, load<u32>(record + field), load<u32>(record + field, 4), maxValueBytes, TEXT)
  }
  return to
}

/** Column of the values of all attributes; 0 to give up. */
export function writeValues(to: usize): usize {
  for (let at = firstAttribute; at < attributesEnd && to != 0; at += ATTRIBUTE_BYTES) {
    to = writeAny(to, load<u32>(at, VALUE_KIND), load<u32>(at, VALUE), load<u32>(at, VALUE_LENGTH), maxValueBytes, ATTRIBUTE_VALUE)
  }
  return to
}

/** Column of the bodies of log records; 0 to give up. */
export function writeBodies(to: usize): usize {
  for (let log = firstRecord; log < recordsEnd && to != 0; log += RECORD_BYTES) {
    to = writeAny(to, load<u32>(log, BODY_KIND), load<u32>(log, LAST_TEXT), load<u32>(log, LAST_TEXT + 4), maxBodyBytes, BODY)
  }
  return to
}

@inline
function writeAny(to: usize, kind: u32, from: usize, length: u32, maxBytes: u32, role: u32): usize {
  if (kind == STRING) return writeText(to, from, length, maxBytes, role)
  if (kind == INT) {
    const end = writeIntegerText(to, from)
    if (<u32>(end - to) <= numberFrom) return end
  }
  if (kind == EMPTY) {
    store<u8>(to, 0)
    return to + 1
  }
  // A longer number is read by the host: it may be zero all the same.
  if (kind == BOOL && length == 1) {
    const isTrue = load<u8>(from) != 0
    store<u64>(to, isTrue ? TRUE : FALSE)
    return to + (isTrue ? TRUE_BYTES : FALSE_BYTES)
  }
  if (kind == MASKED) {
    store<u64>(to, MASK_LOW)
    store<u32>(to, 0x5d6465, 8) // "ed]"
    return to + MASK_BYTES
  }
  if (kind >= PSEUDONYM) return writeKnownPseudonym(to, kind - PSEUDONYM, from, length)
  const bytes = writeValue(role, kind, <u32>(from - source), length, to)
  return bytes == 0 ? 0 : to + bytes
}

/** Column of the keys of all attributes, by their numbers. */
export function writeKeyIds(to: usize, width: u32): usize {
  if (width == 1) for (let at = firstAttribute; at < attributesEnd; at += ATTRIBUTE_BYTES) store<u8>(to++, load<u8>(at, KEY_ID))
  else for (let at = firstAttribute; at < attributesEnd; at += ATTRIBUTE_BYTES, to += 2) store<u16>(to, load<u16>(at, KEY_ID))
  return to
}
