import { MAX_LOOKED_AT, StringColumn } from '@ballast/clickhouse'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findLongNumber } from '../src/redaction/check-digit.ts'
import { TextSieve } from '../src/redaction/text-sieve.ts'

/** Bytes with many digits, so that runs of any length come up, and with parts of what is sought. */
const bytes = fc.array(fc.stringMatching(/^(?:[\d -]{1,20}|[@Jxa#%é]|eyJ)$/u), { maxLength: 60 }).map((characters) => Buffer.from(characters.join('')))

const LONG_NUMBER = 1, AT = 2, TEXTS = 4, RARE = 8
const sought = [{ bit: LONG_NUMBER, contains: 'longNumber' }, { bit: AT, contains: ['@'] }, { bit: TEXTS, contains: ['eyJ', 'Jx'] }] as const
const sieves = [
  { sieve: new TextSieve(sought), extra: undefined },
  // More rare bytes than can be looked for while a text is copied.
  { sieve: new TextSieve([...sought, { bit: RARE, contains: ['##', '%'] }]), extra: /##|%/ },
]

test('a long number is found where an expression finds one', () => {
  fc.assert(
    fc.property(bytes, fc.nat(20), (source, start) => {
      const found = findLongNumber(source, start, source.length)
      const text = source.toString('latin1', start)
      expect(found !== -1).toBe(/[\d -]{13}/.test(text))
      expect(found === -1 || /[\d -]{13}$/.test(source.toString('latin1', start, found))).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('every rule whose text or number is there is told, wherever the text begins and however long it is', () => {
  fc.assert(
    fc.property(bytes, fc.nat(20), fc.constantFrom(0, 2_000), (part, start, more) => {
      const source = Buffer.concat([part, Buffer.alloc(more, 'z')])
      const text = source.toString('latin1', start)
      const expected = (/[\d -]{13}/.test(text) ? LONG_NUMBER : 0) | (text.includes('@') ? AT : 0) | (/eyJ|Jx/.test(text) ? TEXTS : 0)
      for (const { sieve, extra } of sieves) expect(sieve.rulesFor(source, start, Math.max(start, source.length))).toBe(expected | (extra?.test(text) ? RARE : 0))
    }),
    { numRuns: 2000 },
  )
})

test('a text that is copied is suspect whenever a rule needs it, and copied as it is', () => {
  const { sieve } = sieves[0]!
  const column = new StringColumn()
  fc.assert(
    fc.property(bytes, fc.nat(20), (source, start) => {
      const stop = Math.min(source.length, start + MAX_LOOKED_AT)
      if (start > stop) return
      column.clear()
      const seen = column.appendLookingFor(sieve.whileCopied!, source, start, stop)
      expect(sieve.isSuspect(seen, stop - start) || sieve.rulesFor(source, start, stop) === 0).toBe(true)
      expect(column.data.bytes.subarray(1, column.data.length)).toEqual(source.subarray(start, stop))
    }),
    { numRuns: 2000 },
  )
  expect(sieve.isSuspect(column.appendLookingFor(sieve.whileCopied!, Buffer.from('request 123456 to /users'), 0, 24), 24)).toBe(false)
})
