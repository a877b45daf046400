// Where a record and its attributes are noted, byte by byte. The caller asks for columns by these offsets (`src/kernel/kernel.ts`).
// A range is where it begins in memory, then how long it is; 64-bit numbers are aligned to eight bytes.

export const RECORD_BYTES: usize = 96

/** When a span started; when a log record happened. */
export const TIME: usize = 0
/** When a span ended; when a log record was observed. */
export const LATER_TIME: usize = 8
/** Where 16 bytes lie; 0 for none. */
export const TRACE_ID: usize = 16
/** Where 8 bytes lie; 0 for none. */
export const SPAN_ID: usize = 20
export const PARENT_SPAN_ID: usize = 24
/** Kind of a span; severity of a log record. */
export const KIND: usize = 28
/** Trace state of a span; event name of a log record. */
export const FIRST_TEXT: usize = 32
/** Name of a span; severity text of a log record. */
export const NAME: usize = 40
/** Status message of a span; body of a log record. */
export const LAST_TEXT: usize = 48
/** Status code of a span; flags of a log record. */
export const CODE: usize = 56
/** Number of the name among the names of the request. */
export const NAME_ID: usize = 60
export const ATTRIBUTES: usize = 64
export const ATTRIBUTE_COUNT: usize = 68
/** What kind of value the body of a log record is. */
export const BODY_KIND: usize = 72
/** How many events a span has. */
export const EVENT_COUNT: usize = 76

/** Kinds of values: the numbers of the fields of an AnyValue, and what rules make of them. */
export const EMPTY: u32 = 0
export const STRING: u32 = 1
export const BOOL: u32 = 2
export const INT: u32 = 3
export const MASKED: u32 = 8
export const DROPPED: u32 = 9
/** Added to the kind of a value whose pseudonym is stored. */
export const PSEUDONYM: u32 = 16

export const ATTRIBUTE_BYTES: usize = 16
export const KEY_ID: usize = 0
export const VALUE_KIND: usize = 4
export const VALUE: usize = 8
export const VALUE_LENGTH: usize = 12

// There are two tapes, of records and of their events; all functions speak of the selected one.

/** Where the request lies. */
export let source: usize = 0
export let firstRecord: usize = 0
export let recordsEnd: usize = 0
let recordsLimit: usize = 0
export let firstAttribute: usize = 0
export let attributesEnd: usize = 0
let attributesLimit: usize = 0
let maxAttributeBytes: usize = 0

/** `maxAttributes` is how many a plain record may have. */
export function beginTape(sourceAt: usize, records: usize, attributes: usize, limit: usize, maxAttributes: u32): void {
  source = sourceAt
  maxAttributeBytes = <usize>min(maxAttributes, 0xff_ffff) * ATTRIBUTE_BYTES
  firstRecord = recordsEnd = records
  recordsLimit = firstAttribute = attributesEnd = attributes
  attributesLimit = limit
}

let otherFirstRecord: usize = 0
let otherRecordsEnd: usize = 0
let otherFirstAttribute: usize = 0
let otherAttributesEnd: usize = 0

/** Selects the other tape. */
export function swapTapes(): void {
  let at = firstRecord
  firstRecord = otherFirstRecord
  otherFirstRecord = at
  at = recordsEnd
  recordsEnd = otherRecordsEnd
  otherRecordsEnd = at
  at = firstAttribute
  firstAttribute = otherFirstAttribute
  otherFirstAttribute = at
  at = attributesEnd
  attributesEnd = otherAttributesEnd
  otherAttributesEnd = at
}

/** Begins the tape of events, and selects it. */
export function beginEventTape(records: usize, attributes: usize, limit: usize): void {
  swapTapes()
  firstRecord = recordsEnd = records
  recordsLimit = firstAttribute = attributesEnd = attributes
  attributesLimit = limit
}

/** A record of zeros behind the last one, which `endRecord` makes part of the tape; 0 when there is no room. */
export function newRecord(): usize {
  const record = recordsEnd
  if (record + RECORD_BYTES > recordsLimit) return 0
  for (let at: usize = 0; at < RECORD_BYTES; at += 16) v128.store(record + at, i64x2.splat(0))
  return record
}

@inline
export function hasRoomForAttribute(at: usize): bool {
  return at + ATTRIBUTE_BYTES <= attributesLimit
}

/** Adds the record, whose attributes lie from the end of the last one's to `attributes`. False when they are too many. */
export function endRecord(record: usize, attributes: usize): bool {
  if (attributes - attributesEnd > maxAttributeBytes) return false
  store<u32>(record, <u32>attributesEnd, ATTRIBUTES)
  store<u32>(record, <u32>((attributes - attributesEnd) / ATTRIBUTE_BYTES), ATTRIBUTE_COUNT)
  attributesEnd = attributes
  recordsEnd = record + RECORD_BYTES
  return true
}

/** Ends the attributes of the tape earlier, when some were taken out. */
export function endAttributes(at: usize): void {
  attributesEnd = at
}

export function attributeCount(): u32 {
  return <u32>((attributesEnd - firstAttribute) / ATTRIBUTE_BYTES)
}
