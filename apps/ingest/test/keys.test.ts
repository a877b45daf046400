import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readKeys } from '../src/keys.ts'

const dir = mkdtempSync(join(tmpdir(), 'ballast-keys-'))
afterAll(() => rmSync(dir, { recursive: true }))

function file(content: string): string {
  const path = join(dir, 'keys.json')
  writeFileSync(path, content)
  return path
}

const hash = createHash('sha256').update('s3cret').digest('hex')

test('a file of hashes says which key is which tenant, without holding a key', () => {
  const tenantOf = readKeys(file(JSON.stringify({ [hash.toUpperCase()]: 'acme', ['0'.repeat(64)]: 'other' })))
  expect(tenantOf({ authorization: 'bearer s3cret' })).toBe('acme')
  expect(tenantOf({ 'x-api-key': 's3cret' })).toBe('acme')
  expect(tenantOf({ 'x-api-key': hash })).toBeUndefined()
  expect(tenantOf({})).toBeUndefined()
})

describe('a file is refused in a sentence that repeats no key when', () => {
  test.each([
    ['it is not there', join(dir, 'missing.json'), /cannot be read/],
    ['it is not JSON', '{', /is not JSON/],
    ['it is a list', '[]', /not a JSON object/],
    ['it is empty', '{}', /holds no key/],
    ['it holds a key in clear', '{"s3cret":"acme"}', /number 1.*no SHA-256/],
    ['a tenant is no name', `{"${hash}":"a b"}`, /entry 1 a tenant/],
  ])('%s', (_, content, message) => {
    const read = (): unknown => readKeys(content.endsWith('.json') ? content : file(content))
    expect(read).toThrow(message)
    expect(read).not.toThrow(/s3cret/)
  })
})
