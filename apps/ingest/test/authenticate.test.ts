import { createCache } from '@ballast/cache'
import { expect, onTestFinished, test } from 'vitest'
import { hashKey, type KeySource } from '../src/tenants/api-key.ts'
import { byKey } from '../src/tenants/authenticate.ts'
import { CachedKeys } from '../src/tenants/cached-keys.ts'
import { knownKeys } from './known-keys.ts'

const keys = knownKeys({
  all: { tenantId: 'acme' },
  logs: { tenantId: 'acme', signals: ['logs'] },
  pages: { tenantId: 'web', origins: ['https://shop.example'] },
  old: { tenantId: 'acme', expiresAtMs: 1_000 },
})
const authenticate = byKey([knownKeys({}), keys], () => 1_000)

test('a key opens for its tenant, in whichever source it is', async () => {
  expect(await authenticate({ authorization: 'bearer all' }, 'traces')).toBe('acme')
  expect(await authenticate({ 'x-api-key': 'all' }, 'logs')).toBe('acme')
})

test.each([
  ['no key', {}, 'UNAUTHENTICATED'],
  ['an unknown key', { 'x-api-key': 'nobody' }, 'UNAUTHENTICATED'],
  ['the hash of a key', { 'x-api-key': hashKey('all') }, 'UNAUTHENTICATED'],
  ['a key that has ended', { 'x-api-key': 'old' }, 'UNAUTHENTICATED'],
  ['a key for another signal', { 'x-api-key': 'logs' }, 'FORBIDDEN'],
  ['a page’s key without an origin', { 'x-api-key': 'pages' }, 'FORBIDDEN'],
  ['a page’s key from another origin', { 'x-api-key': 'pages', origin: 'https://evil.example' }, 'FORBIDDEN'],
])('%s does not', async (_, headers, code) => {
  await expect(async () => authenticate(headers, 'traces')).rejects.toMatchObject({ code })
})

test('a page’s key opens from its origin', async () => {
  expect(await authenticate({ 'x-api-key': 'pages', origin: 'https://shop.example' }, 'logs')).toBe('web')
})

test('keys are asked for once; what could not be asked is to be sent again, and is no wrong key', async () => {
  const asked: string[] = []
  let away = false
  const source: KeySource = {
    find(hash) {
      asked.push(hash)
      return away ? Promise.reject(new Error('away')) : keys.find(hash)
    },
  }
  const cache = createCache({ namespace: 'keys-test', redis: false, loadSpans: false })
  onTestFinished(() => cache.close())
  const cached = new CachedKeys(cache, source)
  const through = byKey([cached], () => 0)
  for (let turn = 0; turn < 3; turn++) {
    expect(await through({ 'x-api-key': 'all' }, 'traces')).toBe('acme')
    await expect(async () => through({ 'x-api-key': 'wrong' }, 'traces')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  }
  expect(asked).toEqual([hashKey('all'), hashKey('wrong')])
  away = true
  expect(await through({ 'x-api-key': 'all' }, 'traces')).toBe('acme')
  await expect(async () => through({ 'x-api-key': 'logs' }, 'logs')).rejects.toMatchObject({ code: 'UNAVAILABLE', statusCode: 503, retryAfterSeconds: 2 })
  away = false
  await cached.forget(hashKey('all'))
  expect(await through({ 'x-api-key': 'all' }, 'traces')).toBe('acme')
  expect(asked.length).toBe(4)
})
