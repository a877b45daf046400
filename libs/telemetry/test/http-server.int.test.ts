import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requestHandler } from '../src/http-server.ts'
import { currentWork } from '../src/index.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

let memory: ReturnType<typeof inMemoryTelemetry>
let server: Server
let address: string

beforeEach(async () => {
  memory = inMemoryTelemetry()
  server = createServer(
    requestHandler(
      (request, response) => {
        currentWork().set('test.path', request.url)
        if (request.url === '/sync') throw Object.assign(new Error('disk gone'), { code: 'EIO' })
        if (request.url === '/late') {
          response.write('half')
          return Promise.reject(new RangeError('too late'))
        }
        if (request.url === '/hang') return response.writeHead(200).write('x')
        return response.setHeader('content-length', 2).end('ok')
      },
      { route: ({ url }) => url, ignore: ({ url }) => url === '/livez' },
    ),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await memory.telemetry.shutdown()
})

test('a Node http server leaves one event for each request, whatever becomes of it', async () => {
  expect(await (await fetch(`${address}/ok`)).text()).toBe('ok')
  expect((await fetch(`${address}/sync`)).status).toBe(500)
  await expect(fetch(`${address}/late`).then((response) => response.text())).rejects.toThrow('terminated')
  await fetch(`${address}/livez`)
  const hanging = httpRequest(`${address}/hang`).end()
  await once(hanging, 'response')
  hanging.on('error', () => {}).destroy()
  await expect.poll(async () => (await memory.events()).length).toBe(4)
  const events = new Map((await memory.events()).map(({ attributes }) => [attributes['test.path'], attributes]))
  expect(events.get('/ok')).toMatchObject({ 'work.outcome': 'ok', 'http.route': '/ok', 'http.response.status_code': 200, 'http.response.body.size': 2 })
  expect(events.get('/sync')).toMatchObject({ 'work.outcome': 'error', 'error.type': 'EIO', 'http.response.status_code': 500 })
  expect(events.get('/late')).toMatchObject({ 'work.outcome': 'error', 'error.type': 'RangeError', 'exception.message': 'too late' })
  expect(events.get('/hang')).toMatchObject({ 'work.outcome': 'aborted' })
  // Those of the fetches from here are beside them.
  expect((await memory.spans()).filter(({ kind }) => kind === 1).map(({ name }) => name).toSorted()).toEqual(['GET /hang', 'GET /late', 'GET /ok', 'GET /sync'])
})
