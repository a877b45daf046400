// A service on Node's own `http` server. Every request leaves one trace and one event.
//
//   node --conditions=@ballast/source examples/telemetry/http-server.ts
//   curl http://127.0.0.1:3000/hello/ann
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { currentWork, startTelemetry } from '@ballast/telemetry'
import { requestHandler } from '@ballast/telemetry/http-server'

startTelemetry({ service: 'example-http', env: process.env })

const server = createServer(
  requestHandler(
    async (request, response) => {
      const name = request.url?.slice('/hello/'.length) ?? ''
      if (name === '') throw new TypeError('nobody to greet')
      currentWork().set('greeting.name', name)
      const text = await currentWork().time('translate', () => translate(name))
      response.setHeader('content-length', Buffer.byteLength(text)).setHeader('content-type', 'text/plain').end(text)
    },
    { route: (request) => (request.url?.startsWith('/hello/') === true ? '/hello/:name' : undefined) },
  ),
)

async function translate(name: string): Promise<string> {
  currentWork().add('greeting.words', 2)
  return `Hello, ${name}!`
}

server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`)
})
