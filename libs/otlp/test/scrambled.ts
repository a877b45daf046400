import protobuf from 'protobufjs'
import { messageType, type RequestName } from './otlp-messages.ts'

/** Unknown fields of every wire type that is in use: varint, I64, LEN, I32, and a group. */
const UNKNOWN = ['a00601', 'a9060102030405060708', 'b20602ffff', 'c50601020304', 'bb060801bc06'].map((hex) => Buffer.from(hex, 'hex'))

/**
 * The same message written another way: fields in another order, with unknown ones between them, in every message of it.
 * Repeated fields stay in order among themselves. `random` gives whole numbers below its argument.
 */
export function scrambled(name: RequestName, bytes: Uint8Array, random: (bound: number) => number): Buffer {
  return scramble(messageType(name), bytes, random)
}

function scramble(type: protobuf.Type, bytes: Uint8Array, random: (bound: number) => number): Buffer {
  const queues = new Map<number, Buffer[]>()
  const reader = protobuf.Reader.create(bytes)
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const nested = type.fieldsById[tag >>> 3]?.resolve().resolvedType
    let field: Buffer
    if (nested instanceof protobuf.Type) {
      const inner = scramble(nested, reader.bytes(), random)
      field = Buffer.concat([protobuf.Writer.create().uint32(tag).bytes(inner).finish()])
    } else {
      reader.skipType(tag & 7)
      field = Buffer.from(bytes.subarray(start, reader.pos))
    }
    queues.set(tag, [...(queues.get(tag) ?? []), field])
  }
  const out: Buffer[] = []
  const rest = [...queues.values()]
  while (rest.length > 0) {
    if (random(4) === 0) out.push(UNKNOWN[random(UNKNOWN.length)]!)
    const at = random(rest.length)
    out.push(rest[at]!.shift()!)
    if (rest[at]!.length === 0) rest.splice(at, 1)
  }
  return Buffer.concat(out)
}
