import { hashOf, isSame } from './bytes'
import { writePseudonym } from './host'
import { EMPTY, source, STRING } from './tape'

/** Hex digits of a pseudonym. */
const DIGITS: u32 = 32

// An entry: whose value it is, its length, its digits with their length before them, then the value.
const ENTRY_BYTES: usize = 112
const LENGTH: usize = 4
const TEXT: usize = 8
const TEXT_BYTES: usize = 1 + <usize>DIGITS
const VALUE: usize = 48

/** Longer values are not remembered. */
const MAX_VALUE_BYTES: u32 = 64

/** Then all are forgotten. */
const MAX_ENTRIES: u32 = 8192
const SLOTS: u32 = MAX_ENTRIES * 2
/** Of a slot the low bits are the number of the entry plus one, the others are of its hash; zero is free. */
const NUMBER_BITS: u32 = SLOTS - 1

export const PSEUDONYM_BYTES: usize = <usize>SLOTS * 4 + <usize>MAX_ENTRIES * ENTRY_BYTES

let table: usize = 0
let count: u32 = 0
let owner: u32 = 0

/** `at` is the same each time: pseudonyms are remembered from request to request. `ownerNumber` is whose they are. */
export function beginPseudonyms(at: usize, ownerNumber: u32): void {
  table = at
  owner = ownerNumber
}

/** Writes the pseudonym of a value, 0 to give up. Lately seen values need no hash with a key. */
export function writeKnownPseudonym(to: usize, kind: u32, from: usize, length: u32): usize {
  if (kind == EMPTY || (kind == STRING && length == 0)) {
    store<u8>(to, 0)
    return to + 1
  }
  if (kind != STRING || length > MAX_VALUE_BYTES) return writeUnknown(to, kind, from, length)
  const hash = hashOf(from, length) ^ owner * 0x9e3779b1
  let slot = hash & NUMBER_BITS
  for (;;) {
    const found = load<u32>(table + <usize>slot * 4)
    if (found == 0) break
    if (((found ^ hash) & ~NUMBER_BITS) == 0) {
      const entry = entryOf((found & NUMBER_BITS) - 1)
      if (load<u32>(entry) == owner && load<u32>(entry, LENGTH) == length && isSame(entry + VALUE, from, length)) {
        copyText(to, entry + TEXT)
        return to + TEXT_BYTES
      }
    }
    slot = (slot + 1) & NUMBER_BITS
  }
  const end = writeUnknown(to, kind, from, length)
  if (end != to + TEXT_BYTES) return end
  if (count == MAX_ENTRIES) {
    memory.fill(table, 0, <usize>SLOTS * 4)
    count = 0
    slot = hash & NUMBER_BITS
  }
  const entry = entryOf(count++)
  store<u32>(entry, owner)
  store<u32>(entry, length, LENGTH)
  copyText(entry + TEXT, to)
  memory.copy(entry + VALUE, from, length)
  store<u32>(table + <usize>slot * 4, (hash & ~NUMBER_BITS) | count)
  return end
}

// @ts-ignore: decorator
@inline
function entryOf(number: u32): usize {
  return table + <usize>SLOTS * 4 + <usize>number * ENTRY_BYTES
}

// @ts-ignore: decorator
@inline
function copyText(to: usize, from: usize): void {
  v128.store(to, v128.load(from))
  v128.store(to + 16, v128.load(from + 16))
  store<u8>(to, load<u8>(from, 32), 32)
}

function writeUnknown(to: usize, kind: u32, from: usize, length: u32): usize {
  const bytes = writePseudonym(kind, <u32>(from - source), length, to)
  return bytes == 0 ? 0 : to + bytes
}
