import { afterEach, expect, test } from 'vitest'
import { settings } from '../src/config.ts'
import { readOrigins } from '../src/otlp-http/cors.ts'
import { withoutKeys } from '../src/tenants/authenticate.ts'
import { type OtlpServer, otlpServer } from './otlp-server.ts'

let ingest: OtlpServer
afterEach(() => ingest.close())

async function start(origins: string): Promise<void> {
  ingest = await otlpServer({}, withoutKeys, { corsOrigins: new Set(readOrigins(settings.read({ INGEST_CORS_ORIGINS: origins }).corsOrigins)) })
}

const SHOP = 'https://shop.example'
const preflight = (origin: string, url = '/v1/traces') =>
  ingest.server.inject({ method: 'OPTIONS', url, headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key' } })
const post = (origin: string, payload = '{}') => ingest.server.inject({ method: 'POST', url: '/v1/logs', payload, headers: { origin, 'content-type': 'application/json' } })

test('a page of an origin in the list may send, and read the answer, errors as well', async () => {
  await start(`https://other.example, ${SHOP}/`)
  for (const url of ['/v1/traces', '/v1/events']) {
    const answer = await preflight(SHOP, url)
    expect([answer.statusCode, answer.headers]).toEqual([204, expect.objectContaining({
      'access-control-allow-origin': SHOP,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type,x-api-key',
      'access-control-max-age': '7200',
      vary: 'origin',
    })])
  }
  for (const payload of ['{}', '{']) expect((await post(SHOP, payload)).headers).toMatchObject({ 'access-control-allow-origin': SHOP, 'access-control-expose-headers': 'retry-after, x-ballast-receipt' })
})

test('a page of another origin may not', async () => {
  await start(SHOP)
  for (const origin of ['https://evil.example', 'https://shop.example.evil.example', 'null']) {
    const answer = await preflight(origin)
    expect([answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([405, undefined])
    expect((await post(origin)).headers['access-control-allow-origin']).toBeUndefined()
  }
})

test('with * every page may, without a list none', async () => {
  await start('*')
  expect((await preflight('https://any.example')).headers['access-control-allow-origin']).toBe('*')
  await ingest.close()
  await start('')
  expect((await preflight(SHOP)).statusCode).toBe(405)
})

test('a list that holds no origins is not taken', async () => {
  await start('')
  for (const text of ['shop.example', 'https://a.example,*', 'https://a.example b']) expect(() => settings.read({ INGEST_CORS_ORIGINS: text })).toThrow(/INGEST_CORS_ORIGINS is .* allowed: origins/)
})
