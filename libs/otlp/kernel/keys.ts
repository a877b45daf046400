import { hashOf, isSame } from './bytes'

/** Requests with more distinct keys are not plain. */
const MAX_KEYS: u32 = 2047
const SLOTS: u32 = 4096

// The table: slots of numbers plus one, then for each key which came after it the last time, then the keys.
const FOLLOWERS: usize = <usize>SLOTS * 2
const ENTRIES: usize = FOLLOWERS + <usize>(MAX_KEYS + 1) * 2
export const KEY_TABLE_BYTES: usize = ENTRIES + <usize>MAX_KEYS * 20

/** A key: where it first came, its length, its hash; then what the caller says: its place in the order of keys, times four, plus what is done with its values. */
export const KEY_BYTES: usize = 20
const KEY_LENGTH: usize = 4
const KEY_HASH: usize = 8
export const PLACE: usize = 12
/** How often that was done. */
export const HITS: usize = 16

/** What is done with the values of a key; nothing is 0. */
export const ACTIONS: u32 = 3
export const DROP: u32 = 1
export const MASK: u32 = 2
export const PSEUDONYMISE: u32 = 3

let table: usize = 0
let count: u32 = 0

let otherTable: usize = 0
let otherCount: u32 = 0

/** Selects the keys of the other tape. */
export function swapKeys(): void {
  const at = table
  table = otherTable
  otherTable = at
  const keys = count
  count = otherCount
  otherCount = keys
}

/** Begins the keys of the selected tape. */
export function beginKeys(at: usize): void {
  table = at
  count = 0
  memory.fill(table, 0, ENTRIES)
}

export function keyCount(): u32 {
  return count
}

/** Where the keys are. */
export function keyEntries(): usize {
  return table + ENTRIES
}

@inline
export function keyEntry(id: u32): usize {
  return table + ENTRIES + <usize>id * KEY_BYTES
}

/** Number of a key plus one; 0 when there are too many. `before` is that of the key before it: mostly the same one follows as the last time, which saves the hash. */
@inline
export function keyAfter(before: u32, at: usize, length: u32): u32 {
  const follower = table + FOLLOWERS + <usize>before * 2
  const guess = <u32>load<u16>(follower)
  if (guess != 0 && isKey(guess, at, length)) return guess
  const found = findKey(at, length)
  store<u16>(follower, <u16>found)
  return found
}

@inline
function isKey(number: u32, at: usize, length: u32): bool {
  const entry = keyEntry(number - 1)
  return load<u32>(entry, KEY_LENGTH) == length && isSame(load<u32>(entry), at, length)
}

function findKey(at: usize, length: u32): u32 {
  const hash = hashOf(at, length)
  let slot = hash & (SLOTS - 1)
  for (;;) {
    const found = <u32>load<u16>(table + <usize>slot * 2)
    if (found == 0) break
    if (load<u32>(keyEntry(found - 1), KEY_HASH) == hash && isKey(found, at, length)) return found
    slot = (slot + 1) & (SLOTS - 1)
  }
  if (count == MAX_KEYS) return 0
  const entry = keyEntry(count)
  store<u32>(entry, <u32>at)
  store<u32>(entry, length, KEY_LENGTH)
  store<u32>(entry, hash, KEY_HASH)
  store<u32>(entry, 0, HITS)
  store<u16>(table + <usize>slot * 2, <u16>++count)
  return count
}
