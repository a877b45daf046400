import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hashKey } from '../src/tenants/api-key.ts'
import { KeyFile, readKeyFile, writeKeyFile } from '../src/tenants/key-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'ballast-keys-'))
afterAll(() => rmSync(dir, { recursive: true }))

function file(content: string, name = 'keys.json'): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

const hash = hashKey('s3cret')
const noError = (error: Error): void => {
  throw error
}

test('a file of hashes says which key is which tenant, and what may be sent with it', async () => {
  const limited = { tenant: 'acme', name: 'shop pages', signals: ['logs'], origins: ['https://shop.example'], expires: '2030-01-01T00:00:00Z' }
  const keys = new KeyFile(file(JSON.stringify({ [hash.toUpperCase()]: 'other', ['0'.repeat(64)]: limited })), noError, () => 0)
  expect(keys.find(hash)).toEqual({ hash, tenantId: 'other', name: '', signals: [], origins: [], expiresAtMs: undefined })
  expect(keys.find('0'.repeat(64))).toMatchObject({ tenantId: 'acme', signals: ['logs'], origins: ['https://shop.example'], expiresAtMs: Date.UTC(2030, 0, 1) })
  expect(keys.find('1'.repeat(64))).toBeUndefined()
})

test('a change counts within a second; one that cannot be used is told, and the keys before it stay', async () => {
  let now = 0
  const problems: string[] = []
  const path = file(JSON.stringify({ [hash]: 'acme' }), 'changing.json')
  const keys = new KeyFile(path, ({ message }) => void problems.push(message), () => now)
  const change = (content: string, seconds: number): void => {
    writeFileSync(path, content)
    utimesSync(path, seconds, seconds)
  }
  change(JSON.stringify({ [hashKey('new')]: 'acme' }), 1)
  now = 999
  expect(keys.find(hashKey('new'))).toBeUndefined()
  now = 1_000
  expect(keys.find(hashKey('new'))).toMatchObject({ tenantId: 'acme' })
  expect(keys.find(hash)).toBeUndefined()
  change('{', 2)
  now = 2_000
  expect(keys.find(hashKey('new'))).toMatchObject({ tenantId: 'acme' })
  expect(problems).toEqual([expect.stringContaining('is not JSON')])
})

test('what is written can be read again', () => {
  const path = join(dir, 'written.json')
  const key = { hash, tenantId: 'acme', name: 'n', signals: ['traces'] as const, origins: ['http://a.example'], expiresAtMs: 1_000 }
  const plain = { hash: hashKey('b'), tenantId: 'b', name: '', signals: [], origins: [], expiresAtMs: undefined }
  writeKeyFile(path, [key, plain])
  expect(readKeyFile(path)).toEqual([key, plain])
})

describe('a file is refused in a sentence that repeats no key when', () => {
  test.each([
    ['it is not there', join(dir, 'missing.json'), /cannot be read/],
    ['it is not JSON', '{', /is not JSON/],
    ['it is a list', '[]', /not a JSON object/],
    ['it is empty', '{}', /holds no key/],
    ['it holds a key in clear', '{"s3cret":"acme"}', /number 1.*no SHA-256/],
    ['a tenant is no name', `{"${hash}":"a b"}`, /entry 1 a tenant/],
    ['a signal is none', `{"${hash}":{"tenant":"a","signals":["spans"]}}`, /entry 1 signals that are no list of traces, logs, metrics/],
    ['an origin has a path', `{"${hash}":{"tenant":"a","origins":["https://a.example/x"]}}`, /entry 1 origins/],
    ['a field is misspelt', `{"${hash}":{"tenant":"a","signal":["logs"]}}`, /unknown field "signal"/],
  ])('%s', (_, content, message) => {
    const read = (): unknown => new KeyFile(content.endsWith('.json') ? content : file(content), noError, () => 0)
    expect(read).toThrow(message)
    expect(read).not.toThrow(/s3cret/)
  })
})
