import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { fileURLToPath } from 'node:url'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { settings } from '../src/config.ts'
import { readTls } from '../src/tls.ts'
import { runIngest, type RunningIngest } from './running-ingest.ts'

/** Certificates for 127.0.0.1 that only these tests trust; they are good for a hundred years. */
const path = (name: string): string => fileURLToPath(new URL(`tls/${name}`, import.meta.url))
const pem = (name: string): Buffer => readFileSync(path(name))
const FILES = { INGEST_TLS_CERT_FILE: path('server.pem'), INGEST_TLS_KEY_FILE: path('server.key') }
const SHOWN = { cert: pem('client.pem'), key: pem('client.key') }

let ingest: RunningIngest

function overHttp(shown: object = {}): Promise<number | string> {
  const { port } = new URL(ingest.url)
  return new Promise((resolve) => {
    request({ host: '127.0.0.1', port, path: '/v1/traces', method: 'POST', agent: false, headers: { 'content-type': 'application/json' }, ca: pem('ca.pem'), ...shown }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      .end('{}')
  })
}

async function overGrpc(shown?: { cert: Buffer; key: Buffer }): Promise<number> {
  const client = new Client(ingest.grpcTarget, credentials.createSsl(pem('ca.pem'), shown?.key ?? null, shown?.cert ?? null))
  const asIs = (bytes: Buffer): Buffer => bytes
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
  const code = await new Promise<number>((resolve) => {
    client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), new Metadata(), { deadline: Date.now() + 10_000 }, (error) => resolve(error?.code ?? 0))
  })
  client.close()
  return code
}

describe('with TLS', () => {
  beforeEach(() => start({}))
  afterEach(() => ingest.clean())

  test('both ports take who trusts the certificate, and nobody in clear', async () => {
    expect([await overHttp(), await overGrpc()]).toEqual([200, 0])
    await expect(fetch(ingest.url.replace('https:', 'http:'))).rejects.toThrow('fetch failed')
  })
})

describe('with mutual TLS', () => {
  beforeEach(() => start({ INGEST_TLS_CLIENT_CA_FILE: path('ca.pem') }))
  afterEach(() => ingest.clean())

  test('both ports take who shows a certificate of the authority, and nobody else', async () => {
    expect([await overHttp(SHOWN), await overGrpc(SHOWN)]).toEqual([200, 0])
    expect(await overHttp()).not.toBe(200)
    expect(await overGrpc()).toBe(14)
  })
})

test.each([
  [{ INGEST_TLS_CERT_FILE: path('server.pem') }, /needs both INGEST_TLS_CERT_FILE and INGEST_TLS_KEY_FILE/],
  [{ INGEST_TLS_CLIENT_CA_FILE: path('ca.pem') }, /needs both/],
  [{ ...FILES, INGEST_TLS_KEY_FILE: path('missing.key') }, /INGEST_TLS_KEY_FILE cannot be read: ENOENT/],
])('settings that are no TLS stop the start', (env, message) => {
  expect(() => readTls(settings.read(env))).toThrow(message)
})

async function start(env: Record<string, string>): Promise<void> {
  ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database: `ingest_tls_${process.pid}`, env: { ...FILES, ...env } })
  await expect.poll(() => overHttp(SHOWN), { timeout: 20_000 }).toBe(200)
}
