import { createServer } from 'node:net'

/** A port that something of ours wants to listen on. */
export interface WantedPort {
  readonly name: string
  readonly port: number
  /** The environment variable that moves it. */
  readonly variable: string
}

/** One sentence for every wanted port that is taken: which, for what, and which variable moves it. */
export async function takenPorts(wanted: readonly WantedPort[]): Promise<string[]> {
  const taken = await Promise.all(wanted.map(async (each) => ((await isFree(each.port)) ? undefined : sentence(each))))
  return taken.filter((each) => each !== undefined)
}

function sentence({ name, port, variable }: WantedPort): string {
  return `Port ${port} (${name}) is taken; set ${variable} to a free port, or stop what uses it.`
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
