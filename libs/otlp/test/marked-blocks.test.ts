import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findLongNumber } from '../src/redaction/check-digit.ts'
import { MarkedBlocks } from '../src/redaction/marked-blocks.ts'

/** Bytes with many digits, so that runs of any length come up. */
const bytes = fc.array(fc.stringMatching(/^(?:[\d -]{1,20}|[@Jx])$/), { maxLength: 60 }).map((characters) => Buffer.from(characters.join('')))

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

test('every text that holds a needle or a long number touches a mark, wherever it begins, also when the marks were used before', () => {
  const marks = new MarkedBlocks()
  fc.assert(
    fc.property(bytes, fc.nat(400), fc.nat(400), (source, one, other) => {
      const [start, stop] = [Math.min(one, other, source.length), Math.min(Math.max(one, other), source.length)]
      marks.mark(source, [Buffer.from('@'), Buffer.from('Jx')], true)
      const text = source.toString('latin1', start, stop)
      const holds = /@|Jx|[\d -]{13}/.test(text)
      expect(!holds || (marks.any && marks.has(start, stop))).toBe(true)
      expect(marks.any).toBe(/@|Jx|[\d -]{13}/.test(source.toString('latin1')))
    }),
    { numRuns: 2000 },
  )
})
