import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Counters } from '../src/counters.ts'
import { type CompressionOptions, resolveCompression } from '../src/entry/compression.ts'
import { Envelope, FORMATS, type EnvelopeOptions } from '../src/entry/envelope.ts'
import type { Entry } from '../src/entry/entry.ts'
import { codecOf, type SerialiserOption } from '../src/entry/serialiser.ts'
import { type EncryptionOptions, Sealer } from '../src/entry/sealer.ts'

const stamps = { softAt: 1_700_000_000_000, hardAt: 1_700_000_600_000, deltaMs: 42, version: 7, softTtlMs: 60_000, stampUs: 1_700_000_000_000_001, tags: ['brand:7'], expired: false }
const text = 'the same words again and again, '
const entryOf = (value: unknown): Entry<unknown> => ({ value, ...stamps })
/** Of the form, and of the value after the tag. */
const FORM = 44
const VALUE = 52

interface Setting {
  readonly serialiser?: SerialiserOption
  readonly compression?: CompressionOptions
  readonly encrypted?: EncryptionOptions
  readonly namespace?: string
}

/** What one process writes and reads with, and its counts. */
function processWith({ serialiser = 'msgpack', compression, encrypted, namespace = 'shop' }: Setting = {}): { envelope: Envelope; counters: EnvelopeOptions['counters'] } {
  const counters = new Counters()
  const options = { codec: codecOf('', serialiser), compressor: compression && resolveCompression('', compression), sealer: encrypted && new Sealer(encrypted), namespace, counters }
  return { envelope: new Envelope(options), counters }
}

const base64: SerialiserOption = {
  name: 'base64',
  encode: (value) => Buffer.from(Buffer.from(JSON.stringify(value)).toString('base64')),
  decode: (bytes) => JSON.parse(Buffer.from(Buffer.from(bytes).toString(), 'base64').toString()) as unknown,
}
const key = (id: string): { id: string; secret: Buffer } => ({ id, secret: randomBytes(32) })

describe('serialisers', () => {
  test.each([['msgpack' as const], ['json' as const], [base64]])('%j gives back what was put in', async (serialiser) => {
    const value = { id: '1', list: [1, 2, null], text: 'ключ' }
    const bytes = await processWith({ serialiser }).envelope.encode('k', entryOf(value))
    expect(await processWith({ serialiser }).envelope.decode('k', bytes)).toEqual(entryOf(value))
  })

  test('json is readable by anybody after the stamps', async () => {
    const bytes = await processWith({ serialiser: 'json' }).envelope.encode('k', entryOf({ a: 1 }))
    expect(bytes.toString('utf8', VALUE)).toBe('{"a":1}')
  })

  const settings: readonly SerialiserOption[] = ['msgpack', 'json', base64, { ...base64, name: 'base64-v2' }]
  test('an entry of another serialiser is none, and counted as foreign', async () => {
    for (const writer of settings) {
      const bytes = await processWith({ serialiser: writer }).envelope.encode('k', entryOf({ a: 1 }))
      for (const reader of settings.filter((each) => each !== writer)) {
        const { envelope, counters } = processWith({ serialiser: reader })
        expect(await envelope.decode('k', bytes)).toBeUndefined()
        expect(counters).toMatchObject({ foreign: 1, corrupt: 0 })
      }
    }
  })

  test('one that throws, or gives undefined, while it reads makes the entry none', async () => {
    const bytes = await processWith({ serialiser: base64 }).envelope.encode('k', entryOf({ a: 1 }))
    const decode = [
      (): never => {
        throw new Error('damaged')
      },
      (): undefined => {},
    ]
    for (const each of decode) {
      const { envelope, counters } = processWith({ serialiser: { ...base64, decode: each } })
      expect(await envelope.decode('k', bytes)).toBeUndefined()
      expect(counters.corrupt).toBe(1)
    }
  })
})

describe('compression', () => {
  const algorithms = ['zstd', 'gzip', 'brotli'] as const

  test.each(algorithms)('%s makes values from minBytes on smaller, and they come back', async (algorithm) => {
    const { envelope } = processWith({ compression: { algorithm, minBytes: 1_000 } })
    const plain = processWith().envelope
    // The last two are compressed off the event loop.
    for (const repeats of [10, 40, 5_000, 50_000]) {
      const entry = entryOf({ text: text.repeat(repeats) })
      const bytes = await envelope.encode('k', entry)
      const before = (await plain.encode('k', entry)).length
      expect(bytes.length).toBeLessThanOrEqual(repeats === 10 ? before : before / 4)
      // Who does not compress reads them, too.
      expect(await plain.decode('k', bytes)).toEqual(entry)
    }
  })

  test('a small value is written and read at once, a large one later', () => {
    const { envelope } = processWith({ compression: {} })
    const small = envelope.encode('k', entryOf(text.repeat(200)))
    expect(small).toBeInstanceOf(Buffer)
    expect(envelope.decode('k', small as Buffer)).not.toBeInstanceOf(Promise)
    expect(envelope.encode('k', entryOf(text.repeat(20_000)))).toBeInstanceOf(Promise)
  })

  test('what does not get smaller is stored as it is', async () => {
    const value = randomBytes(4_000)
    const bytes = await processWith({ compression: {} }).envelope.encode('k', entryOf(value))
    expect(bytes).toEqual(await processWith().envelope.encode('k', entryOf(value)))
  })

  test.each([1_000, 1_000_000])('an entry that makes more than the %d bytes it says is corrupt, and its bytes are not made', async (said) => {
    const { envelope, counters } = processWith({ serialiser: 'json' })
    const head = (await envelope.encode('k', entryOf(1))).subarray(0, VALUE)
    head[FORM]! |= 2 << 2
    const length = Buffer.alloc(4)
    length.writeUInt32BE(said)
    const bomb = Buffer.concat([head, length, gzipSync(Buffer.alloc(50_000_000, ' '))])
    const before = process.memoryUsage().arrayBuffers
    expect(await envelope.decode('k', bomb)).toBeUndefined()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
    expect(counters.corrupt).toBe(1)
  })

  test('an entry that says it is larger than any value may be is corrupt', async () => {
    const { envelope, counters } = processWith({ compression: {} })
    const bytes = await envelope.encode('k', entryOf(text.repeat(200)))
    bytes.writeUInt32BE(0xffff_ffff, VALUE)
    expect(await envelope.decode('k', bytes)).toBeUndefined()
    expect(counters.corrupt).toBe(1)
  })

  test.each(algorithms)('damaged %s never throws', async (algorithm) => {
    const { envelope } = processWith({ compression: { algorithm, minBytes: 100 } })
    for (const repeats of [40, 5_000]) {
      const bytes = await envelope.encode('k', entryOf(text.repeat(repeats)))
      for (let cut = VALUE; cut < Math.min(bytes.length, VALUE + 40); cut++) expect(await envelope.decode('k', bytes.subarray(0, cut))).toBeUndefined()
    }
  })
})

describe('encryption', () => {
  test('hides the value and gives it back, compressed or not', async () => {
    const encrypted = { keys: [key('a')] }
    for (const compression of [undefined, { minBytes: 100 }]) {
      const { envelope } = processWith({ encrypted, serialiser: 'json', ...(compression && { compression }) })
      for (const value of [{ name: 'Ada Lovelace' }, { name: text.repeat(100) }, { name: text.repeat(20_000) }]) {
        const bytes = await envelope.encode('k', entryOf(value))
        expect(bytes.toString('latin1')).not.toContain('name')
        expect(await processWith({ encrypted, serialiser: 'json' }).envelope.decode('k', bytes)).toEqual(entryOf(value))
      }
    }
  })

  test('the first key encrypts and all decrypt, so keys are changed without losing an entry', async () => {
    const [old, young] = [key('2025'), key('2026')]
    const before = await processWith({ encrypted: { keys: [old] } }).envelope.encode('k', entryOf('v'))
    const during = processWith({ encrypted: { keys: [young, old] } })
    expect(await during.envelope.decode('k', before)).toEqual(entryOf('v'))
    const after = processWith({ encrypted: { keys: [young] } })
    expect(await after.envelope.decode('k', await during.envelope.encode('k', entryOf('w')))).toEqual(entryOf('w'))
    expect(await after.envelope.decode('k', before)).toBeUndefined()
    expect(after.counters.undecryptable).toBe(1)
  })

  test('an entry moved to another key or namespace is none', async () => {
    const encrypted = { keys: [key('a')] }
    const bytes = await processWith({ encrypted }).envelope.encode('account:1', entryOf({ balance: 5 }))
    for (const [namespace, place] of [['shop', 'account:2'], ['shop2', 'account:1'], ['shop', 'account:1 ']] as const) {
      const { envelope, counters } = processWith({ encrypted, namespace })
      expect(await envelope.decode(place, bytes)).toBeUndefined()
      expect(counters.undecryptable).toBe(1)
    }
  })

  test('no bit can be changed, those of stamps and tags included', async () => {
    const { envelope } = processWith({ encrypted: { keys: [key('a')] } })
    const bytes = await envelope.encode('k', entryOf('v'))
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      expect(await envelope.decode('k', changed), `byte ${at}`).toBeUndefined()
    }
  })

  test('an entry that Redis has declared stale is still believed', async () => {
    const { envelope } = processWith({ encrypted: { keys: [key('a')] } })
    const bytes = await envelope.encode('k', entryOf('v'))
    bytes[1] = FORMATS.expired
    expect(await envelope.decode('k', bytes)).toEqual({ ...entryOf('v'), expired: true })
  })

  test('an entry in plain text is not believed, and one that is encrypted cannot be read without keys', async () => {
    const [plain, sealed] = [processWith(), processWith({ encrypted: { keys: [key('a')] } })]
    expect(await sealed.envelope.decode('k', await plain.envelope.encode('k', entryOf('forged')))).toBeUndefined()
    expect(await plain.envelope.decode('k', await sealed.envelope.encode('k', entryOf('v')))).toBeUndefined()
    expect([plain.counters.undecryptable, sealed.counters.undecryptable]).toEqual([1, 1])
  })

  test('the same value never looks the same twice', async () => {
    const { envelope } = processWith({ encrypted: { keys: [key('a')] } })
    const seen = await Promise.all(Array.from({ length: 100 }, async () => (await envelope.encode('k', entryOf('v'))).toString('base64')))
    expect(new Set(seen).size).toBe(100)
  })

  test('bytes of others never throw', async () => {
    const { envelope } = processWith({ encrypted: { keys: [key('a')] } })
    const bytes = await envelope.encode('k', entryOf('v'))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (noise) => {
        expect(envelope.decode('k', Buffer.concat([bytes.subarray(0, VALUE), noise]))).toBeUndefined()
      }),
    )
  })

  test.each([
    [{ keys: [] }, /keys is empty/],
    [{ keys: [{ id: 'a b', secret: 'x'.repeat(32) }] }, /id of a key/],
    [{ keys: [{ id: 'a', secret: 'topsecret' }] }, /not at least 32 bytes/],
    [{ keys: [{ id: 'a', secret: 'topsecret'.repeat(4) }, { id: 'a', secret: 'topsecret'.repeat(4) }] }, /two keys a/],
  ])('refuses %j and does not repeat the secret', (encrypted, message) => {
    expect(() => new Sealer(encrypted)).toThrow(message)
    expect(() => new Sealer(encrypted)).not.toThrow(/topsecret/)
  })
})
