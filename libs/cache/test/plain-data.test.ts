import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DataCodec } from '../src/entry/data-codec.ts'
import { ShapedCodec } from '../src/entry/shaped-codec.ts'

function roundTrip(value: unknown, codec = new DataCodec(), reader = codec): unknown {
  const bytes = codec.encode(value, 3)
  return reader.decode(bytes, 3, bytes.length)
}

const isPlain = (bytes: Buffer): boolean => bytes.readUInt16BE() === 0xffff

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('plain data', () => {
  test('comes back as it went in, whatever it is made of', () => {
    const plain = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constant(null),
        fc.boolean(),
        fc.double(),
        fc.integer(),
        fc.string({ unit: 'binary', maxLength: 100 }),
        fc.array(tie('value'), { maxLength: 40 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'long name', '7', 'constructor'), tie('value'), { noNullPrototype: true }),
      ),
    })).value
    const [codec, reader] = [new DataCodec(), new DataCodec()]
    const outcome = fc.check(fc.property(plain, (value) => isDeepStrictEqual(roundTrip(value, codec, reader), value)), { numRuns: 500, seed: 1 })
    expect(outcome.counterexample).toBeNull()
  })

  test.each([
    ['0, -0, the ends of what is short, and what is none', [0, -0, 127, 128, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 0.1, Number.NaN, Infinity]],
    ['text at the ends of what is short and what is long', ['', 'x'.repeat(63), 'x'.repeat(64), 'é'.repeat(60_000)]],
    ['text of other scripts', { name: '商品の名前', more: ['日本語'] }],
    ['arrays at the ends of what is short', [Array.from({ length: 31 }, () => 1), Array.from({ length: 32 }, () => true), Array.from({ length: 3_000 }, () => null)]],
    ['objects without keys', [{}, { a: {} }]],
  ])('writes %s', (_what, value) => {
    const codec = new DataCodec()
    const bytes = codec.encode(value, 0)
    expect(isPlain(bytes)).toBe(true)
    expect(codec.decode(bytes, 0, bytes.length)).toStrictEqual(value)
  })

  test.each([
    ['a date', { on: new Date(1) }],
    ['a map', new Map([['a', 1]])],
    ['an undefined', { a: undefined, b: 1 }],
    ['a big integer', [1n]],
    ['Latin text with a few other letters', ['about 49 €, and with the postage about 53 €']],
    ['too much text', ['x'.repeat(40_000), 'y'.repeat(40_000)]],
    ['too many values', Array.from({ length: 70_000 }, () => 1)],
    ['more shapes than are worth it', Array.from({ length: 17 }, (_, n) => ({ [`key${n}`]: n }))],
    ['keys that are longer than is worth it', { ['k'.repeat(600)]: 1 }],
    ['what lies very deep', Array.from({ length: 80 }).reduce<unknown>((inner) => [inner], 1)],
  ])('leaves %s to MessagePack', (_what, value) => {
    const codec = new DataCodec()
    const bytes = codec.encode(value, 0)
    expect(isPlain(bytes)).toBe(false)
    expect(codec.decode(bytes, 0, bytes.length)).toEqual(value)
    // And what was met on the way is not carried by others.
    expect(codec.encode({ a: 1 }, 0).toString('latin1')).toContain('[["a"]]')
  })

  test('is not looked for any more where none of many values was plain', () => {
    const codec = new DataCodec()
    for (let n = 0; n < 32; n++) codec.encode(new Date(n), 0)
    expect(isPlain(codec.encode({ a: 1 }, 0))).toBe(false)
    expect(roundTrip({ a: 1 }, codec)).toEqual({ a: 1 })
  })

  test('is read by who reads MessagePack, too, and the other way round', () => {
    const shaped = new ShapedCodec().encode({ a: [1, 'x'] }, 0)
    expect(new DataCodec().decode(shaped, 0, shaped.length)).toEqual({ a: [1, 'x'] })
  })

  test('a shape that is known by one process only is read by the others', () => {
    const [a, b, reader] = [new DataCodec(), new DataCodec(), new DataCodec()]
    roundTrip({ unrelated: { shape: true } }, a)
    for (let n = 0; n < 3; n++) for (const writer of [a, b]) expect(roundTrip({ id: n, price: { amount: n / 3 } }, writer, reader)).toEqual({ id: n, price: { amount: n / 3 } })
    for (let n = 0; n < 100; n++) expect(roundTrip({ [`key${n % 50}`]: n }, new DataCodec(), reader)).toEqual({ [`key${n % 50}`]: n })
  })

  test('is read where a process does not allow code to be made', () => {
    const bytes = new DataCodec().encode({ id: 1, price: { amount: 4.5 }, tags: ['a'] }, 0)
    const compile = vi.fn(function () {
      throw new EvalError('Code generation from strings disallowed for this context')
    })
    vi.stubGlobal('Function', compile)
    expect(new DataCodec().decode(bytes, 0, bytes.length)).toStrictEqual({ id: 1, price: { amount: 4.5 }, tags: ['a'] })
    expect(compile).toHaveBeenCalled()
  })

  test('each value is its own: changing one changes no other', () => {
    const codec = new DataCodec()
    const bytes = codec.encode({ list: [{ n: 1 }], name: 'a' }, 0)
    const first = codec.decode(bytes, 0, bytes.length) as { list: { n: number }[]; name?: string }
    first.list[0]!.n = 2
    delete first.name
    expect(codec.decode(bytes, 0, bytes.length)).toEqual({ list: [{ n: 1 }], name: 'a' })
  })

  test('keys from Redis do not reach the prototype', () => {
    const bytes = new DataCodec().encode({ abcdefghi: { polluted: true } }, 0)
    bytes.write('__proto__', bytes.indexOf('abcdefghi'))
    expect(() => new DataCodec().decode(bytes, 0, bytes.length)).toThrow(TypeError)
    expect('polluted' in {}).toBe(false)
    expect(isPlain(new DataCodec().encode(JSON.parse('{"__proto__":1,"a":2}'), 0))).toBe(false)
  })

  test('bytes that are damaged or cut short are refused, or are another value; they end in nothing else', () => {
    const codec = new DataCodec()
    const bytes = codec.encode({ id: 'p1', price: { amount: 4.5, count: 1_000 }, tags: ['a', 'x'.repeat(100)], on: [true, null, Array.from({ length: 40 }, () => 1)] }, 0)
    for (let end = 2; end < bytes.length; end++) expect(() => codec.decode(bytes.subarray(0, end), 0, end)).toThrow(Error)
    const thrown: unknown[] = []
    for (let at = 2; at < bytes.length; at++) {
      for (const to of [0, 0x80, 0x85, 0x87, 0x9f, 0xbf, 0xff]) {
        const damaged = Buffer.from(bytes)
        damaged[at] = to
        try {
          codec.decode(damaged, 0, damaged.length)
        } catch (error) {
          thrown.push(error)
        }
      }
    }
    expect(thrown.length).toBeGreaterThan(0)
    expect(thrown.filter((error) => !(error instanceof Error))).toEqual([])
    expect(codec.decode(bytes, 0, bytes.length)).toMatchObject({ id: 'p1' })
  })
})
