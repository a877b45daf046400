/** Bytes that `value` takes as an unsigned LEB128 number. */
export function varintBytes(value: number): number {
  let count = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) count++
  return count
}

/** Writes `value` as an unsigned LEB128 number; returns where it ends. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let end = at
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out[end++] = (rest % 128) | 0x80
  out[end++] = rest
  return end
}
