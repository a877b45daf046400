import { createServer, type Socket } from 'node:net'
import { closed, listening } from './loopback.ts'

/** A message that a mail server took. */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
}

/** A mail server that takes every message, after it has answered the first ones as told: status lines such as `451 busy`. */
export async function startMailServer(refusals: string[] = []): Promise<{ url: string; mails: Mail[]; refusals: string[]; close: () => Promise<void> }> {
  const mails: Mail[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let [from, to, data, buffer] = ['', [] as string[], undefined as string[] | undefined, '']
    const say = (line: string): void => void socket.write(`${line}\r\n`)
    const takeLine = (line: string): void => {
      if (data !== undefined) {
        if (line !== '.') return void data.push(line)
        mails.push({ from, to, text: data.join('\n') })
        data = undefined
        return say('250 taken')
      }
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'EHLO') return say('250 loopback')
      if (verb === 'MAIL') {
        const refusal = refusals.shift()
        ;[from, to] = [line, []]
        return say(refusal ?? '250 ok')
      }
      if (verb === 'RCPT') to.push(line)
      if (verb === 'DATA') {
        data = []
        return say('354 go on')
      }
      if (verb === 'QUIT') return void socket.end('221 bye\r\n')
      say('250 ok')
    }
    socket.on('data', (chunk: Buffer) => {
      const lines = (buffer + chunk.toString()).split('\r\n')
      buffer = lines.pop()!
      lines.forEach(takeLine)
    })
    say('220 loopback ESMTP')
  })
  const port = await listening(server)
  return { url: `smtp://ann:secret@127.0.0.1:${port}`, mails, refusals, close: () => closed(server, () => sockets.forEach((socket) => socket.destroy())) }
}
