import { expect, test } from 'vitest'
import { rejectsBlock } from '../src/index.ts'

test('a rejected record goes to the quarantine with its very bytes', () => {
  const raw = Buffer.alloc(200, 0xff)
  const source = { signal: 'traces', tenantId: 't', requestId: 'r', receivedAtUnixNano: 258n } as const
  const block = rejectsBlock([{ reason: 'invalid_span_id', detail: 'd', encoding: 'protobuf', raw }], source)
  expect(block).toMatchObject({ table: 'ballast_rejects', format: 'RowBinary', rows: 1, columns: ['ReceivedAt', 'TenantId', 'Signal', 'Reason', 'Detail', 'RequestId', 'Encoding', 'Raw'] })
  expect(Buffer.from(block.body).toString('latin1')).toBe(`\x02\x01\0\0\0\0\0\0\x01t\x06traces\x0finvalid_span_id\x01d\x01r\x08protobuf\xc8\x01${raw.toString('latin1')}`)
})
