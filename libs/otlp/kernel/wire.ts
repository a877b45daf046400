/** No length: the field is broken, or too long for anything. Larger than what any message has left. */
export const BROKEN: u32 = 0xffff_ffff

const MAX_LENGTH_BITS = 28

/** Where the length that was read last ends. */
export let lengthEnd: usize = 0

/** Reads a length at `at`, before `end`; where it ends is `lengthEnd`. */
// @ts-ignore: decorator
@inline
export function readLength(at: usize, end: usize): u32 {
  if (at < end) {
    const byte = <u32>load<u8>(at)
    if (byte < 0x80) {
      lengthEnd = at + 1
      return byte
    }
  }
  return readLongLength(at, end)
}

function readLongLength(at: usize, end: usize): u32 {
  let value: u32 = 0
  for (let shift = 0; shift < MAX_LENGTH_BITS && at < end; shift += 7) {
    const byte = <u32>load<u8>(at++)
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      lengthEnd = at
      return value
    }
  }
  lengthEnd = end
  return BROKEN
}

/** Whether a varint begins at `at` and ends at `end`. */
// @ts-ignore: decorator
@inline
export function isVarint(at: usize, end: usize): bool {
  let last = at
  while (last < end && load<u8>(last) >= 0x80) last++
  return last + 1 == end && last - at < 10
}

/** Notes a range: where it begins, and how long it is. */
// @ts-ignore: decorator
@inline
export function storeRange(to: usize, start: usize, length: u32): void {
  store<u32>(to, <u32>start)
  store<u32>(to, length, 4)
}

/** Where the varint at `at` ends; beyond `end` when it is broken. */
// @ts-ignore: decorator
@inline
export function afterVarint(at: usize, end: usize): usize {
  let last = at
  while (last < end && load<u8>(last) >= 0x80) last++
  return last - at < 10 ? last + 1 : end + 1
}
