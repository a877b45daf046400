import { StringColumn } from '@ballast/clickhouse'
import { expect, test } from 'vitest'
import { TenantPseudonyms } from '../src/redaction/pseudonyms.ts'

test('a value has one pseudonym, whether it is remembered, forgotten among ten thousand others, or too long to be', () => {
  const pseudonyms = new TenantPseudonyms('sixteen letters or more').of('acme')
  const column = new StringColumn()
  const values = ['', 'a', '10.0.0.1', 'é', 'x'.repeat(63), 'x'.repeat(64), 'y'.repeat(500), ...Array.from({ length: 10_000 }, (_, index) => `user ${index}`)]
  for (let time = 0; time < 2; time++) {
    for (const value of values) {
      column.clear()
      const source = Buffer.from(`[${value}]`)
      // Twice: made, then remembered.
      pseudonyms.append(column, source, 1, source.length - 1)
      pseudonyms.append(column, source, 1, source.length - 1)
      const digits = pseudonyms.of(value)
      if (column.data.bytes.toString('latin1', 0, column.data.length) !== ` ${digits} ${digits}`) throw new Error(`wrong pseudonym of ${JSON.stringify(value)}`)
    }
  }
  expect(column.rows).toBe(2)
})
