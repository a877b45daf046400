const VARINT = 0
const I64 = 1
const LEN = 2
const I32 = 5

/** A protobuf field that holds a number from 0 to 2^53. */
export function varintField(field: number, value: number): Buffer {
  return Buffer.from([...varint(field * 8 + VARINT), ...varint(value)])
}

/** A protobuf field that holds bytes, a text or a message. */
export function bytesField(field: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([...varint(field * 8 + LEN), ...varint(bytes.length)]), bytes])
}

/** A protobuf field of eight bytes: a `fixed64`. */
export function fixed64Field(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return Buffer.concat([Buffer.from(varint(field * 8 + I64)), bytes])
}

/** A protobuf field of four bytes: a `fixed32`. */
export function fixed32Field(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return Buffer.concat([Buffer.from(varint(field * 8 + I32)), bytes])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return [...bytes, rest]
}
