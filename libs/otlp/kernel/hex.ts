/** Writes 16 bytes in lower-case hex, with the length before them: 33 bytes. */
@inline
export function writeHexText(to: usize, bytes: v128): void {
  const high = digitsOf(v128.shr<u8>(bytes, 4))
  const low = digitsOf(v128.and(bytes, i8x16.splat(15)))
  store<u8>(to, 32)
  v128.store(to + 1, v128.shuffle<u8>(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
  v128.store(to + 17, v128.shuffle<u8>(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31))
}

/** The same for 8 bytes, the low half of `bytes`: 17 bytes. */
@inline
export function writeShortHexText(to: usize, bytes: v128): void {
  const high = digitsOf(v128.shr<u8>(bytes, 4))
  const low = digitsOf(v128.and(bytes, i8x16.splat(15)))
  store<u8>(to, 16)
  v128.store(to + 1, v128.shuffle<u8>(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
}

/** The byte that two lower-case hex digits stand for. */
export function hexDigits(at: usize): u8 {
  return (hexDigit(load<u8>(at)) << 4) | hexDigit(load<u8>(at, 1))
}

function hexDigit(digit: u8): u8 {
  return digit < 58 ? digit - 48 : digit - 87
}

/** The hex digit of each byte from 0 to 15. */
@inline
function digitsOf(nibbles: v128): v128 {
  return v128.swizzle(i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102), nibbles)
}
