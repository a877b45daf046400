import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Counters } from '../src/counters.ts'
import { encodeHead, Envelope, HEAD_BYTES } from '../src/entry/envelope.ts'
import { ShapedCodec } from '../src/entry/shaped-codec.ts'
import type { Entry } from '../src/entry/entry.ts'

const entry: Entry<unknown> = { value: { id: '1', list: [1, 2, null], text: 'ключ' }, softAt: 1_700_000_000_123.5, hardAt: 1_700_000_600_000, deltaMs: 42, version: 7, softTtlMs: 60_000, stampUs: 1_700_000_000_000_001, tags: ['brand:7', 'цвет:ж'], expired: false }

const counters = new Counters()
const envelope = new Envelope({ codec: new ShapedCodec(), namespace: 'shop', counters })
/** These entries are small: they are written and read at once. */
const encode = (written: Entry<unknown>): Buffer => envelope.encode('k', written) as Buffer
const decode = (bytes: Buffer): Entry<unknown> | undefined => envelope.decode('k', bytes) as Entry<unknown> | undefined

describe('the envelope', () => {
  test('gives back what was put in', () => {
    expect(decode(encode(entry))).toEqual(entry)
  })

  test('gives back an entry without tags, and says what was declared stale', () => {
    expect(decode(encode({ ...entry, tags: undefined, expired: true }))).toEqual({ ...entry, tags: undefined, expired: true })
  })

  test('gives back any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value)
        // JSON.parse may make an own __proto__ key, which msgpackr renames on purpose.
        fc.pre(!json.includes('__proto__'))
        expect(JSON.stringify(decode(encode({ ...entry, value }))?.value)).toBe(json)
      }),
    )
  })

  test('begins with the head, which tells one fill from another', () => {
    expect(encode(entry).subarray(0, HEAD_BYTES)).toEqual(encodeHead(entry))
    expect(encodeHead({ ...entry, softAt: entry.softAt + 1 })).not.toEqual(encodeHead(entry))
  })

  test('never throws and never answers with nonsense, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const decoded = decode(Buffer.from(bytes))
        expect(decoded === undefined || decoded.hardAt >= decoded.softAt).toBe(true)
      }),
    )
  })

  test('reads a shortened entry as none', () => {
    const bytes = encode(entry)
    for (let length = 0; length < bytes.length; length++) expect(decode(bytes.subarray(0, length))).toBeUndefined()
  })

  test('reads an entry of another format version as none', () => {
    const bytes = encode(entry)
    bytes[1] = 1
    const before = counters.foreign
    expect(decode(bytes)).toBeUndefined()
    expect(counters.foreign).toBe(before + 1)
  })

  test.each([
    ['soft expiry', 2, Number.NaN],
    ['soft expiry', 2, 1e300],
    ['hard expiry', 10, 0],
    ['hard expiry', 10, Number.POSITIVE_INFINITY],
    ['version', 22, -1],
    ['stamp', 34, -1],
    ['stamp', 34, Number.NaN],
  ])('reads an entry with an impossible %s as none', (_name, offset, number) => {
    const bytes = encode(entry)
    bytes.writeDoubleBE(number, offset)
    expect(decode(bytes)).toBeUndefined()
  })
})
