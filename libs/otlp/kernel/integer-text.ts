const MINUS: u8 = 45
const ZERO: u64 = 48

/** Writes the varint at `from`, a signed 64-bit number, in decimal with its length; returns where it ends. */
export function writeIntegerText(to: usize, from: usize): usize {
  let value: u64 = 0
  let at = from
  for (let shift: u64 = 0; ; shift += 7) {
    const byte = <u64>load<u8>(at++)
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  const negative = <i64>value < 0
  if (negative) value = 0 - value
  let digits: u32 = 1
  for (let rest = value; rest >= 10; rest /= 10) digits++
  const length = digits + u32(negative)
  store<u8>(to, <u8>length)
  store<u8>(to, MINUS, 1)
  for (let place = to + length; digits > 0; digits--, place--) {
    const tens = value / 10
    store<u8>(place, <u8>(ZERO + value - tens * 10))
    value = tens
  }
  return to + length + 1
}
