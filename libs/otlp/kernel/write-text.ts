import { isUtf8, writeValue } from './host'
import { source, STRING } from './tape'

/** As many neighbouring digits, spaces and hyphens may be a card number. */
const LONG_NUMBER: u32 = 13

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
  seeksNumbers = numbers
}

// @ts-ignore: decorator
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

/** Writes a text with its length; returns where it ends, 0 to give up. Reads and writes up to 15 bytes beyond it. */
// @ts-ignore: decorator
@inline
export function writeText(to: usize, from: usize, length: u32, maxBytes: u32, role: u32): usize {
  if (length > maxBytes || (seeks && length >= seekFrom && isSuspect(from, length))) return writeOther(to, from, length, role)
  const at = writeLength(to, length)
  let high: i32 = 0
  let done: u32 = 0
  if (length >= 16) {
    let seen = i64x2.splat(0)
    for (; done + 16 <= length; done += 16) {
      const chunk = v128.load(from + done)
      v128.store(at + done, chunk)
      seen = v128.or(seen, chunk)
    }
    high = v128.bitmask<u8>(seen)
  }
  if (done < length) {
    const chunk = v128.load(from + done)
    v128.store(at + done, chunk)
    high |= v128.bitmask<u8>(chunk) & ((1 << (length - done)) - 1)
  }
  if (high != 0 && !isUtf8(<u32>(from - source), length)) return 0
  return at + length
}

function writeOther(to: usize, from: usize, length: u32, role: u32): usize {
  const bytes = writeValue(role, STRING, <u32>(from - source), length, to)
  return bytes == 0 ? 0 : to + bytes
}

/** Whether a text has a byte that is sought, or what may be a long number. */
function isSuspect(from: usize, length: u32): bool {
  const mask = i8x16.splat(soughtMask)
  const value = i8x16.splat(soughtValue)
  let before: u32 = 0
  for (let done: u32 = 0; done < length; done += 16) {
    const chunk = v128.load(from + done)
    const inside: u32 = length - done >= 16 ? 0xffff : (1 << (length - done)) - 1
    if (<u32>v128.bitmask<u8>(v128.eq<u8>(v128.and(chunk, mask), value)) & inside) return true
    if (!seeksNumbers) continue
    const digits = v128.lt<u8>(v128.sub<u8>(chunk, i8x16.splat(48)), i8x16.splat(10))
    const gaps = v128.or(v128.eq<u8>(chunk, i8x16.splat(32)), v128.eq<u8>(chunk, i8x16.splat(45)))
    const run = <u32>v128.bitmask<u8>(v128.or(digits, gaps)) & inside
    // The first of it may go on with a run that began before; of a run of 13 inside, ten bytes lie in the middle.
    if (before + ctz(~run) >= LONG_NUMBER || (run & 0x1ff8) == 0x1ff8) return true
    before = run == 0xffff ? before + 16 : clz(~(run << 16))
  }
  return false
}
