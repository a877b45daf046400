import { createServer } from 'node:http'

/** A webhook on loopback that shows the alerts it is sent: somebody's pager, on this machine. */
export interface Pager {
  readonly url: string
  readonly stop: () => Promise<void>
}

interface AlertBody {
  readonly type: string
  readonly data: { readonly slo: string; readonly severity: string; readonly tier?: string }
}

const MAX_BODY_BYTES = 256 * 1024

/** @param onAlert - called with one line for each alert. */
export function startPager(onAlert: (line: string) => void): Promise<Pager> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
    })
    request.on('end', () => {
      const line = bytes <= MAX_BODY_BYTES ? describe(Buffer.concat(chunks).toString()) : undefined
      if (line !== undefined) onAlert(line)
      response.writeHead(line === undefined ? 400 : 204).end()
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({
        url: `http://127.0.0.1:${port}/alerts`,
        stop: async () => {
          server.closeAllConnections()
          await new Promise((done) => server.close(done))
        },
      })
    })
  })
}

function describe(body: string): string | undefined {
  try {
    const { type, data } = JSON.parse(body) as AlertBody
    const state = type.endsWith('.resolved') ? 'RESOLVED' : 'FIRING'
    return `${new Date().toISOString()}  ALERT ${state}  ${data.slo}  ${data.severity}${data.tier === undefined ? '' : `  tier ${data.tier}`}`
  } catch {
    return undefined
  }
}
