import protobuf from 'protobufjs'
import { messageType, type RequestName } from '../otlp-messages.ts'

/** Unknown fields of every wire type that is in use: varint, I64, LEN, I32, and a group. */
const UNKNOWN = ['a00601', 'a9060102030405060708', 'b20602ffff', 'c50601020304', 'bb060801bc06'].map((hex) => Buffer.from(hex, 'hex'))

/** Values that a later one of the same field replaces, by wire type. */
const REPLACED = [[0x07], [1, 2, 3, 4, 5, 6, 7, 8], [0x03, 0x61, 0x62, 0x63], [], [], [1, 2, 3, 4]].map((bytes) => Buffer.from(bytes))

const LEN = 2
const WIRE_TYPES: Readonly<Record<string, number>> = protobuf.types.basic

export interface ScrambleOptions {
  /**
   * Whether messages are cut in two and data of another kind is put before a metric's. protobufjs keeps the last part only, where
   * the specification says that parts are merged, so it cannot be asked to read these.
   */
  readonly split: boolean
}

/**
 * The same message written another way, in every message of it: fields in another order, unknown ones between them, values that
 * later ones replace, packed numbers unpacked or packed in several parts. Repeated fields stay in order among themselves.
 * `random` gives whole numbers below its argument.
 */
export function scrambled(name: RequestName, bytes: Uint8Array, random: (bound: number) => number, { split }: ScrambleOptions = { split: true }): Buffer {
  return scramble(messageType(name), bytes)

  function scramble(type: protobuf.Type, source: Uint8Array): Buffer {
    return interleaved([...queuesOf(type, source).values()])
  }

  /** The fields of a message, apart by what must stay in order. */
  function queuesOf(type: protobuf.Type, source: Uint8Array): Map<string | number, Uint8Array[]> {
    const queues = new Map<string | number, Uint8Array[]>()
    const reader = protobuf.Reader.create(source)
    while (reader.pos < reader.len) {
      const start = reader.pos
      const tag = reader.uint32()
      const field = type.fieldsById[tag >>> 3]!
      const key = field.partOf?.name ?? field.id
      let queue = queues.get(key)
      if (queue === undefined) {
        queue = []
        queues.set(key, queue)
      }
      const nested = field.resolve().resolvedType
      if (nested instanceof protobuf.Type) addMessage(queue, field, nested, tag, reader.bytes())
      else if (field.repeated) addNumbers(queue, field, reader.bytes())
      else {
        reader.skipType(tag & 7)
        if (random(6) === 0) addReplaced(queue, field, tag)
        queue.push(source.subarray(start, reader.pos))
      }
    }
    return queues
  }

  function addMessage(queue: Uint8Array[], field: protobuf.Field, type: protobuf.Type, tag: number, inner: Uint8Array): void {
    const isData = type.fields['dataPoints'] !== undefined
    if (split && isData && random(6) === 0) queue.push(lengthDelimited((((tag >>> 3 === 5 ? 7 : 5) << 3) | LEN), Buffer.from('0a001001', 'hex')))
    // Values of arrays and lists that are cut in two are not merged: an edge that docs/wire-format.md names.
    const isNestedValue = type.fields['values'] !== undefined
    if (!split || field.repeated || isNestedValue || random(4) !== 0) {
      queue.push(lengthDelimited(tag, scramble(type, inner)))
      return
    }
    const queues = [...queuesOf(type, inner).values()]
    const first = queues.map((fields) => fields.splice(0, random(fields.length + 1)))
    queue.push(lengthDelimited(tag, interleaved(first)), lengthDelimited(tag, interleaved(queues)))
  }

  /** Numbers come packed; some are sent one by one, the others in one part or several. */
  function addNumbers(queue: Uint8Array[], field: protobuf.Field, packed: Uint8Array): void {
    const reader = protobuf.Reader.create(packed)
    const wireType = WIRE_TYPES[field.type]!
    const tag = (field.id << 3) | LEN
    let part: Uint8Array[] = []
    const flush = (): void => {
      if (part.length > 0 || random(8) === 0) queue.push(lengthDelimited(tag, Buffer.concat(part)))
      part = []
    }
    while (reader.pos < reader.len) {
      const start = reader.pos
      reader.skipType(wireType)
      const number = packed.subarray(start, reader.pos)
      if (random(5) === 0) {
        flush()
        queue.push(Buffer.concat([varint((field.id << 3) | wireType), number]))
      } else part.push(number)
    }
    flush()
  }

  /** A value of the same field, or of another one of its `oneof`, which the real one replaces. */
  function addReplaced(queue: Uint8Array[], field: protobuf.Field, tag: number): void {
    const others = field.partOf?.fieldsArray.filter((other) => Object.hasOwn(WIRE_TYPES, other.type)) ?? [field]
    const other = others[random(others.length)] ?? field
    const wireType = other === field ? tag & 7 : WIRE_TYPES[other.type]!
    queue.push(Buffer.concat([varint((other.id << 3) | wireType), REPLACED[wireType]!]))
  }

  function interleaved(queues: readonly Uint8Array[][]): Buffer {
    const out: Uint8Array[] = []
    const rest = queues.filter((queue) => queue.length > 0)
    while (rest.length > 0) {
      if (random(8) === 0) out.push(UNKNOWN[random(UNKNOWN.length)]!)
      const at = random(rest.length)
      out.push(rest[at]!.shift()!)
      if (rest[at]!.length === 0) rest.splice(at, 1)
    }
    return Buffer.concat(out)
  }
}

/** Tags here and most lengths are small; their bytes are made once. */
const VARINTS = Array.from({ length: 256 }, (_, value) => encodeVarint(value))

function lengthDelimited(tag: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(tag), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  return VARINTS[value] ?? encodeVarint(value)
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}
