import { describe, expect, test } from 'vitest'
import { ShapedCodec } from '../src/entry/shaped-codec.ts'

function roundTrip(writer: ShapedCodec, value: unknown, reader = writer): unknown {
  const bytes = writer.encode(value, 0)
  return reader.decode(bytes, 0, bytes.length)
}

/** The parts of what the codec writes. */
function split(bytes: Buffer): { shapes: Buffer; payload: Buffer } {
  const payloadAt = 2 + bytes.readUInt16BE()
  return { shapes: bytes.subarray(2, payloadAt), payload: bytes.subarray(payloadAt) }
}

function join(shapes: string | Uint8Array, payload: Uint8Array): Buffer {
  const bytes = Buffer.from(shapes)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes, payload])
}

const product = (n: number): unknown => ({ id: `p${n}`, price: { amount: n, currency: 'EUR' }, stock: [{ count: n }, { count: 2 }], tags: new Set(['a']), on: new Date(n), attributes: new Map([['k', n]]) })

describe('the codec', () => {
  test('leaves room in front, and reads from the middle of other bytes', () => {
    const codec = new ShapedCodec()
    const bytes = Buffer.concat([codec.encode({ a: 1 }, 5), Buffer.from('after')])
    expect(codec.decode(bytes, 5, bytes.length - 5)).toEqual({ a: 1 })
  })

  test('keeps keys apart from values, once for all objects of a shape', () => {
    const { shapes, payload } = split(new ShapedCodec().encode([{ firstKey: 1, secondKey: 2 }, { firstKey: 3, secondKey: 4 }], 0))
    expect(JSON.parse(shapes.toString())).toEqual([['firstKey', 'secondKey']])
    expect(payload.toString('latin1')).not.toContain('firstKey')
  })

  test('reads what another process wrote, whatever order the shapes were met in', () => {
    const [a, b, reader] = [new ShapedCodec(), new ShapedCodec(), new ShapedCodec()]
    roundTrip(a, { unrelated: { shape: true } })
    for (let n = 0; n < 100; n++) {
      expect(roundTrip(a, product(n), reader)).toEqual(product(n))
      expect(roundTrip(b, product(n), reader)).toEqual(product(n))
    }
  })

  test('reads entries written before and after a new shape turned up', () => {
    const writer = new ShapedCodec()
    const early = writer.encode({ a: 1 }, 0)
    const late = writer.encode({ a: 1, b: 2 }, 0)
    const reader = new ShapedCodec()
    for (let i = 0; i < 3; i++) {
      expect(reader.decode(early, 0, early.length)).toEqual({ a: 1 })
      expect(reader.decode(late, 0, late.length)).toEqual({ a: 1, b: 2 })
    }
  })

  test('gives up on shapes when keys are data, and still reads everything', () => {
    const writer = new ShapedCodec()
    const values = Array.from({ length: 200 }, (_, n) => ({ byId: { [`customer-${n}`]: { total: n } }, map: new Map([[n, 'x']]) }))
    const encoded = values.map((value) => writer.encode(value, 0))
    expect(split(encoded.at(-1)!).shapes.length).toBe(0)
    expect(Math.max(...encoded.map((bytes) => split(bytes).shapes.length))).toBeLessThanOrEqual(512)
    const reader = new ShapedCodec()
    for (const [n, bytes] of encoded.entries()) expect(reader.decode(bytes, 0, bytes.length)).toEqual(values[n])
  })

  test('reads more sets of shapes than it keeps decoders for', () => {
    const reader = new ShapedCodec()
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 50; n++) expect(roundTrip(new ShapedCodec(), { [`key${n}`]: n }, reader)).toEqual({ [`key${n}`]: n })
    }
  })

  test.each(['{}', '[["a"', '[[1]]', '["a"]', 'null', 'x'])('refuses the shapes %s', (shapes) => {
    const bytes = join(shapes, split(new ShapedCodec().encode({ a: 1 }, 0)).payload)
    expect(() => new ShapedCodec().decode(bytes, 0, bytes.length)).toThrow(Error)
  })

  test('does not let keys from Redis reach the prototype or run as code', () => {
    const { payload } = split(new ShapedCodec().encode({ a: 'polluted', b: 2 }, 0))
    for (const key of ['__proto__', 'constructor', '"]:0});globalThis.ran=1;({["x']) {
      const shapes = Buffer.from(JSON.stringify([[key, 'b']]))
      const codec = new ShapedCodec()
      const bytes = join(shapes, payload)
      // Often enough for the decoder to compile the shape.
      for (let i = 0; i < 50; i++) {
        const value = codec.decode(bytes, 0, bytes.length) as object
        expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      }
    }
    expect('ran' in globalThis).toBe(false)
  })

  test('reads values that lie in memory together each from its own bytes, and nothing beyond them', () => {
    const codec = new ShapedCodec()
    const written = [1, 2, 3].map((n) => codec.encode(product(n), 0))
    const memory = Buffer.concat([Buffer.from('before'), ...written])
    let at = 'before'.length
    const parts = written.map(({ length }) => memory.subarray(at, (at += length)))
    for (const n of [3, 1, 2, 2]) expect(codec.decode(parts[n - 1]!, 0, parts[n - 1]!.length)).toEqual(product(n))
    // Cut short, it would go on with the bytes of the next one.
    expect(() => codec.decode(parts[0]!.subarray(0, -3), 0, parts[0]!.length - 3)).toThrow(/[Ee]nd of/)
    const alone = codec.encode('x'.repeat(2_000_000), 0)
    expect(codec.decode(alone, 0, alone.length)).toBe('x'.repeat(2_000_000))
  })

  test('copies buffers out of the reply', () => {
    const writer = new ShapedCodec()
    const reply = writer.encode({ bytes: Buffer.from([1, 2, 3]) }, 0)
    const value = writer.decode(reply, 0, reply.length) as { bytes: Buffer }
    reply.fill(0)
    expect([...value.bytes]).toEqual([1, 2, 3])
  })
})
