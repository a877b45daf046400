/** Fields of a message by number: numbers as bigint, what has a length as bytes. */
export type Fields = ReadonlyMap<number, readonly (bigint | Buffer)[]>

/** Reads one message. It is for answers, which are small. @throws RangeError when the bytes are none. */
export function readFields(bytes: Buffer): Fields {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('the message ends within a field')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wireType = tag % 8
    const value = wireType === 0 ? varint() : take(wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : 4)
    const number = (tag - wireType) / 8
    fields.set(number, [...(fields.get(number) ?? []), value])
  }
  return fields
}

/** The text in a field; empty when it is not there. */
export function textOf(fields: Fields, number: number): string {
  const value = fields.get(number)?.at(-1)
  return value instanceof Buffer ? value.toString() : ''
}
