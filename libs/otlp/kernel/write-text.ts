import { isUtf8, writeValue } from './host'
import { source, STRING } from './tape'

/** As many neighbouring digits, spaces and hyphens may be a card number. */
const LONG_NUMBER: u32 = 13

/** Bytes that are looked at together, and a bit for each. */
const CHUNK: u32 = 16
const WHOLE: u32 = 0xffff

/** Rules search texts. */
let seeks: bool = false
/** Shorter texts need no look. */
let seekFrom: u32 = 0
/** What is sought is a byte whose bits in the mask are those of the value. */
let soughtMask: u8 = 0
let soughtValue: u8 = 0
let seeksNumbers: bool = false

export function beginTexts(active: bool, from: u32, mask: u8, value: u8, numbers: bool): void {
  seeks = active
  seekFrom = from
  soughtMask = mask
  soughtValue = value
  seeksNumbers = active && numbers
}

@inline
export function writeLength(to: usize, length: u32): usize {
  let rest = length
  while (rest >= 0x80) {
    store<u8>(to++, <u8>(rest | 0x80))
    rest >>= 7
  }
  store<u8>(to, <u8>rest)
  return to + 1
}

/** Writes a text with its length; returns where it ends, 0 to give up. It is looked over while it is copied. Reads and writes up to 15 bytes beyond it. */
@inline
export function writeText(to: usize, from: usize, length: u32, maxBytes: u32, role: u32): usize {
  if (length > maxBytes) return writeOther(to, from, length, role)
  const at = writeLength(to, length)
  const hasNumber = seeksNumbers && length >= LONG_NUMBER
  let high: u32 = 0
  let found: u32 = 0
  let before: u32 = 0
  let maybeNumber = false
  for (let done: u32 = 0; done < length; done += CHUNK) {
    const chunk = v128.load(from + done)
    v128.store(at + done, chunk)
    const inside = insideOf(length - done)
    high |= <u32>v128.bitmask<u8>(chunk) & inside
    if (seeks) found |= <u32>v128.bitmask<u8>(v128.eq<u8>(v128.and(chunk, i8x16.splat(soughtMask)), i8x16.splat(soughtValue))) & inside
    if (!hasNumber) continue
    const run = notLetters(chunk) & inside
    maybeNumber = maybeNumber || hasLongRun(run, before)
    before = runAfter(run, before)
  }
  if ((found != 0 && length >= seekFrom) || (maybeNumber && hasLongNumber(from, length))) return writeOther(to, from, length, role)
  if (high != 0 && !isUtf8(<u32>(from - source), length)) return 0
  return at + length
}

function writeOther(to: usize, from: usize, length: u32, role: u32): usize {
  const bytes = writeValue(role, STRING, <u32>(from - source), length, to)
  return bytes == 0 ? 0 : to + bytes
}

/** A bit for each of the next `left` bytes of a chunk. */
@inline
function insideOf(left: u32): u32 {
  return left >= CHUNK ? WHOLE : (1 << left) - 1
}

/** A bit for each byte without the bit that all letters have: digits, spaces and hyphens have not, nor has most punctuation. */
@inline
function notLetters(chunk: v128): u32 {
  return ~v128.bitmask<u8>(v128.shl<u8>(chunk, 1))
}

/** Whether a run of 13 is in the bits of a chunk, before which `before` of them were set: it goes on with those, or covers the ten bits in the middle. */
@inline
function hasLongRun(run: u32, before: u32): bool {
  return before + ctz(~run) >= LONG_NUMBER || (run & 0x1ff8) == 0x1ff8
}

/** How many of the last bits are set. */
@inline
function runAfter(run: u32, before: u32): u32 {
  return run == WHOLE ? before + CHUNK : clz(~(run << 16))
}

function hasLongNumber(from: usize, length: u32): bool {
  let before: u32 = 0
  for (let done: u32 = 0; done < length; done += CHUNK) {
    const chunk = v128.load(from + done)
    const digits = v128.lt<u8>(v128.sub<u8>(chunk, i8x16.splat(48)), i8x16.splat(10))
    const gaps = v128.or(v128.eq<u8>(chunk, i8x16.splat(32)), v128.eq<u8>(chunk, i8x16.splat(45)))
    const run = <u32>v128.bitmask<u8>(v128.or(digits, gaps)) & insideOf(length - done)
    if (hasLongRun(run, before)) return true
    before = runAfter(run, before)
  }
  return false
}
