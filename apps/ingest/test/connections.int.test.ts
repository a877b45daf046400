import { Agent, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { runIngest, type RunningIngest } from './running-ingest.ts'

let ingest: RunningIngest
let agent: Agent

beforeAll(async () => {
  ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database: `ingest_connections_${process.pid}`, env: { INGEST_MAX_BODY_BYTES: '64KiB' } })
  await ingest.untilReady()
  agent = new Agent({ keepAlive: true, maxSockets: 1 })
})
afterAll(async () => {
  agent.destroy()
  await ingest.clean()
})

interface Answer {
  readonly status: number | undefined
  /** Whether the connection of the request before was used again. */
  readonly reused: boolean
}

/** Sends one request in pieces; all of them go over one connection while it lasts. */
function send(headers: Record<string, string>, pieces: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${ingest.url}/v1/traces`, { method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } }, (answer) => {
      answer.resume().once('end', () => resolve({ status: answer.statusCode, reused: outgoing.reusedSocket }))
    })
    outgoing.once('error', reject)
    if (headers['expect'] === undefined) for (const piece of pieces) outgoing.write(piece)
    else outgoing.once('continue', () => outgoing.end(pieces.join('')))
    if (headers['expect'] === undefined) outgoing.end()
  })
}

describe('on a real connection', () => {
  test('a chunked body is read without being announced', async () => {
    expect((await send({}, ['{"resource', 'Spans":[', ']}'])).status).toBe(200)
  })

  test('a chunked body over the limit is answered 413, and the connection goes on', async () => {
    const pieces = Array.from({ length: 40 }, () => ' '.repeat(4096))
    expect((await send({}, pieces)).status).toBe(413)
    expect(await send({}, ['{}'])).toEqual({ status: 200, reused: true })
  })

  test('a body that is announced too large, or in an unknown encoding, is refused before it is read, and the connection goes on', async () => {
    const body = ' '.repeat(100_000)
    expect((await send({ 'content-length': '100000' }, [body])).status).toBe(413)
    expect((await send({ 'content-encoding': 'lzma' }, [body])).status).toBe(400)
    expect(await send({}, ['{}'])).toEqual({ status: 200, reused: true })
  })

  test('a sender that closes its connections gets its answer, although it still writes', async () => {
    const body = Buffer.alloc(16 * 2 ** 20)
    for (let round = 0; round < 5; round++) {
      const status = await new Promise((resolve, reject) => {
        const outgoing = request(`${ingest.url}/v1/traces`, { method: 'POST', agent: false, headers: { 'content-type': 'application/json' } }, (answer) => answer.resume().once('end', () => resolve(answer.statusCode)))
        outgoing.once('error', reject).end(body)
      })
      expect(status).toBe(413)
    }
  })

  test('a sender that asks first is told to continue', async () => {
    expect((await send({ expect: '100-continue' }, ['{}'])).status).toBe(200)
  })
})
