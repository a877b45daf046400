import { ACTIONS, DROP, HITS, keyAfter, keyEntry, MASK, PLACE } from './keys'
import { ATTRIBUTE_BYTES, ATTRIBUTE_COUNT, ATTRIBUTES, DROPPED, EMPTY, endAttributes, firstAttribute, firstRecord, hasRoomForAttribute, KEY_ID, MASKED, PSEUDONYM, RECORD_BYTES, recordsEnd, VALUE, VALUE_KIND, VALUE_LENGTH } from './tape'
import { isVarint, lengthEnd, readLength } from './wire'

const KEY: u32 = 0x0a
const KEY_VALUE: u32 = 0x12

/** Fields of an AnyValue, as they lie on the wire. */
const STRING_VALUE: u32 = 0x0a
const BOOL_VALUE: u32 = 0x10
const INT_VALUE: u32 = 0x18
const DOUBLE_VALUE: u32 = 0x21
const ARRAY_VALUE: u32 = 0x2a
const KVLIST_VALUE: u32 = 0x32
const BYTES_VALUE: u32 = 0x3a

/** Where the value that was read last begins; it ends with its message. */
export let valueStart: usize = 0

/** What says that an AnyValue is not plain. */
export const NOT_PLAIN: u32 = 255

/** Kind of the AnyValue at `at`, before `end`; where what it holds begins is `valueStart`. */
@inline
export function readValue(at: usize, end: usize): u32 {
  valueStart = at
  if (at == end) return EMPTY
  const tag = <u32>load<u8>(at)
  const from = at + 1
  let plain = false
  switch (tag) {
    case STRING_VALUE:
    case ARRAY_VALUE:
    case KVLIST_VALUE:
    case BYTES_VALUE: {
      const length = readLength(from, end)
      valueStart = lengthEnd
      plain = length == <u32>(end - lengthEnd)
      break
    }
    case BOOL_VALUE:
    case INT_VALUE:
      valueStart = from
      plain = isVarint(from, end)
      break
    case DOUBLE_VALUE:
      valueStart = from
      plain = from + 8 == end
      break
  }
  return plain ? tag >> 3 : NOT_PLAIN
}

/** The key of the attribute that was read last, plus one. */
let lastKey: u32 = 0

/** Begins the attributes of a record. */
@inline
export function beginAttributes(): void {
  lastKey = 0
}

/** Notes the KeyValue from `at` to `end` at `attribute`. False when it is not plain: anything but a key and then one value. */
@inline
export function readAttribute(at: usize, end: usize, attribute: usize): bool {
  const keyLength = <u32>load<u8>(at, 1)
  const key = at + 2
  const valueAt = key + keyLength
  if (load<u8>(at) != KEY || keyLength >= 0x80 || valueAt + 2 > end || load<u8>(valueAt) != KEY_VALUE || !hasRoomForAttribute(attribute)) return false
  const valueLength = readLength(valueAt + 1, end)
  if (valueLength != <u32>(end - lengthEnd)) return false
  const kind = readValue(lengthEnd, end)
  if (kind == NOT_PLAIN) return false
  lastKey = keyAfter(lastKey, key, keyLength)
  if (lastKey == 0) return false
  store<u32>(attribute, lastKey - 1, KEY_ID)
  store<u32>(attribute, kind, VALUE_KIND)
  store<u32>(attribute, <u32>valueStart, VALUE)
  store<u32>(attribute, <u32>(end - valueStart), VALUE_LENGTH)
  return true
}

/** Some attributes are dropped. */
let hasDropped: bool = false

/** Sorts the attributes of each record by the places of their keys, drops those that are to be dropped, and marks those that are stored otherwise. False when a record has a key twice. */
export function sortAttributes(): bool {
  hasDropped = false
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    const first = <usize>load<u32>(record, ATTRIBUTES)
    const end = first + <usize>load<u32>(record, ATTRIBUTE_COUNT) * ATTRIBUTE_BYTES
    // Most come in order, and insertion needs few steps for ten.
    for (let at = first; at < end; at += ATTRIBUTE_BYTES) {
      const place = placeOf(at)
      if ((place & ACTIONS) != 0) act(at, place & ACTIONS)
      if (at == first || placeOf(at - ATTRIBUTE_BYTES) < place) continue
      const moved = v128.load(at)
      let to = at
      for (; to > first; to -= ATTRIBUTE_BYTES) {
        const other = placeOf(to - ATTRIBUTE_BYTES)
        if (other < place) break
        if (other == place) return false
        v128.store(to, v128.load(to - ATTRIBUTE_BYTES))
      }
      v128.store(to, moved)
    }
  }
  if (hasDropped) dropAttributes()
  return true
}

@inline
function placeOf(attribute: usize): u32 {
  return load<u32>(keyEntry(load<u32>(attribute, KEY_ID)), PLACE)
}

function act(attribute: usize, action: u32): void {
  const entry = keyEntry(load<u32>(attribute, KEY_ID))
  store<u32>(entry, load<u32>(entry, HITS) + 1, HITS)
  if (action == DROP) {
    hasDropped = true
    store<u32>(attribute, DROPPED, VALUE_KIND)
  } else store<u32>(attribute, action == MASK ? MASKED : PSEUDONYM + load<u32>(attribute, VALUE_KIND), VALUE_KIND)
}

function dropAttributes(): void {
  let kept = firstAttribute
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    const first = <usize>load<u32>(record, ATTRIBUTES)
    const end = first + <usize>load<u32>(record, ATTRIBUTE_COUNT) * ATTRIBUTE_BYTES
    const before = kept
    for (let at = first; at < end; at += ATTRIBUTE_BYTES) {
      if (load<u32>(at, VALUE_KIND) == DROPPED) continue
      v128.store(kept, v128.load(at))
      kept += ATTRIBUTE_BYTES
    }
    store<u32>(record, <u32>before, ATTRIBUTES)
    store<u32>(record, <u32>((kept - before) / ATTRIBUTE_BYTES), ATTRIBUTE_COUNT)
  }
  endAttributes(kept)
}

/** Column of where the attributes of each record end. */
export function writeAttributeEnds(to: usize): usize {
  let end: u64 = 0
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES, to += 8) {
    end += load<u32>(record, ATTRIBUTE_COUNT)
    store<u64>(to, end)
  }
  return to
}
