import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** The commands that a Redis is given, by whomever. On a socket of its own: ioredis throws when a command comes together with the answer to `MONITOR`. */
export class CommandMonitor {
  /** Name, in lower case, and arguments. */
  readonly commands: (readonly string[])[] = []
  readonly #socket: Socket

  /** @param wanted - which commands are kept; those of scripts are seen as well. */
  static async start(url: string, wanted: (args: readonly string[]) => boolean): Promise<CommandMonitor> {
    const { hostname, port, username, password } = new URL(url)
    const socket = connect(Number(port === '' ? 6379 : port), hostname)
    await once(socket, 'connect')
    const monitor = new CommandMonitor(socket)
    let unanswered = password === '' ? 1 : 2
    const started = new Promise<void>((resolve) => {
      createInterface(socket).on('line', (line) => {
        const [name, ...args] = Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, text]) => text!)
        if (name === undefined && --unanswered === 0) resolve()
        else if (name !== undefined && wanted([name.toLowerCase(), ...args])) monitor.commands.push([name.toLowerCase(), ...args])
      })
    })
    if (password !== '') socket.write(`AUTH ${username === '' ? 'default' : username} ${password}\r\n`)
    socket.write('MONITOR\r\n')
    await started
    return monitor
  }

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  stop(): void {
    this.#socket.destroy()
  }
}
