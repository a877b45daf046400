import { firstRecord, RECORD_BYTES, recordsEnd } from './tape'

/** Column of 16 bytes of each record in lower-case hex; where there are none, nothing. */
export function writeHex16(to: usize, field: usize): usize {
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    const at = load<u32>(record + field)
    if (at == 0) {
      store<u8>(to++, 0)
      continue
    }
    const bytes = v128.load(at)
    const high = digitsOf(v128.shr<u8>(bytes, 4))
    const low = digitsOf(v128.and(bytes, i8x16.splat(15)))
    store<u8>(to, 32)
    v128.store(to + 1, v128.shuffle<u8>(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
    v128.store(to + 17, v128.shuffle<u8>(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31))
    to += 33
  }
  return to
}

/** The same for 8 bytes. */
export function writeHex8(to: usize, field: usize): usize {
  for (let record = firstRecord; record < recordsEnd; record += RECORD_BYTES) {
    const at = load<u32>(record + field)
    if (at == 0) {
      store<u8>(to++, 0)
      continue
    }
    const bytes = i64x2(load<u64>(at), 0)
    const high = digitsOf(v128.shr<u8>(bytes, 4))
    const low = digitsOf(v128.and(bytes, i8x16.splat(15)))
    store<u8>(to, 16)
    v128.store(to + 1, v128.shuffle<u8>(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
    to += 17
  }
  return to
}

/** The hex digit of each byte from 0 to 15. */
// @ts-ignore: decorator
@inline
function digitsOf(nibbles: v128): v128 {
  return v128.swizzle(i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102), nibbles)
}
