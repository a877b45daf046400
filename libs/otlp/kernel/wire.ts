/** No length: the field is broken, or too long for anything. Larger than what any message has left. */
export const BROKEN: u32 = 0xffff_ffff

const MAX_LENGTH_BITS = 28

/** Where the length that was read last ends. */
export let lengthEnd: usize = 0

/** Reads a length at `at`, before `end`; where it ends is `lengthEnd`. */
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
@inline
export function isVarint(at: usize, end: usize): bool {
  let last = at
  while (last < end && load<u8>(last) >= 0x80) last++
  return last + 1 == end && last - at < 10
}

/** Where the id of `bytes` bytes lies whose length is at `at`: 0 when it is empty or all zeros, `BROKEN` when it has another length. Its end is `lengthEnd`. */
@inline
export function readId(at: usize, end: usize, bytes: u32): u32 {
  const length = <u32>load<u8>(at)
  const id = at + 1
  if ((length != bytes && length != 0) || id + length > end) return BROKEN
  lengthEnd = id + length
  const isZero = (bytes == 16 ? load<u64>(id) | load<u64>(id, 8) : load<u64>(id)) == 0
  return length == 0 || isZero ? 0 : <u32>id
}

/** Notes a range: where it begins, and how long it is. */
@inline
export function storeRange(to: usize, start: usize, length: u32): void {
  store<u32>(to, <u32>start)
  store<u32>(to, length, 4)
}

/** Where the varint at `at` ends; beyond `end` when it is broken. */
@inline
export function afterVarint(at: usize, end: usize): usize {
  let last = at
  while (last < end && load<u8>(last) >= 0x80) last++
  return last - at < 10 ? last + 1 : end + 1
}
