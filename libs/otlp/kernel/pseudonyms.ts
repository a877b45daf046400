import { hashOf, isSame } from './bytes'
import { hexDigits, writeHexText } from './hex'
import { writePseudonym } from './host'
import { EMPTY, source, STRING } from './tape'

/** A pseudonym as a column has it: its length, then 32 hex digits. */
const TEXT_BYTES: usize = 33

// An entry is one cache line: whose value it is, its length, the 16 bytes that its digits stand for, then the value.
const ENTRY_BYTES: usize = 64
const LENGTH: usize = 4
const DIGEST: usize = 8
const VALUE: usize = 24

/** Longer values are not remembered. */
const MAX_VALUE_BYTES: u32 = 40

/** Then all are forgotten. */
const MAX_ENTRIES: u32 = 8192
const SLOTS: u32 = MAX_ENTRIES * 2
/** Of a slot the low bits are the number of the entry plus one, the others are of its hash; zero is free. */
const NUMBER_BITS: u32 = SLOTS - 1

const ENTRIES: usize = <usize>SLOTS * 4
export const PSEUDONYM_BYTES: usize = ENTRIES + <usize>MAX_ENTRIES * ENTRY_BYTES

let table: usize = 0
let count: u32 = 0
let owner: u32 = 0

/** `at`, a multiple of 64, is the same each time: pseudonyms are remembered from request to request. `ownerNumber` is whose they are. */
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
  const hash = hashOf(from, length) ^ (owner * 0x9e3779b1)
  let slot = hash & NUMBER_BITS
  for (;;) {
    const found = load<u32>(table + <usize>slot * 4)
    if (found == 0) break
    if (((found ^ hash) & ~NUMBER_BITS) == 0) {
      const entry = entryOf((found & NUMBER_BITS) - 1)
      if (load<u32>(entry) == owner && load<u32>(entry, LENGTH) == length && isSame(entry + VALUE, from, length)) {
        writeHexText(to, v128.load(entry + DIGEST))
        return to + TEXT_BYTES
      }
    }
    slot = (slot + 1) & NUMBER_BITS
  }
  const end = writeUnknown(to, kind, from, length)
  if (end != to + TEXT_BYTES) return end
  if (count == MAX_ENTRIES) {
    memory.fill(table, 0, ENTRIES)
    count = 0
    slot = hash & NUMBER_BITS
  }
  const entry = entryOf(count++)
  store<u32>(entry, owner)
  store<u32>(entry, length, LENGTH)
  for (let byte: usize = 0; byte < 16; byte++) store<u8>(entry + DIGEST + byte, hexDigits(to + 1 + byte * 2))
  memory.copy(entry + VALUE, from, length)
  store<u32>(table + <usize>slot * 4, (hash & ~NUMBER_BITS) | count)
  return end
}

@inline
function entryOf(number: u32): usize {
  return table + ENTRIES + <usize>number * ENTRY_BYTES
}

function writeUnknown(to: usize, kind: u32, from: usize, length: u32): usize {
  const bytes = writePseudonym(kind, <u32>(from - source), length, to)
  return bytes == 0 ? 0 : to + bytes
}
