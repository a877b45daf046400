import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** A server of its own for one test file: a child process on a free port, with a data folder in the temporary directory. */
export class ServerProcess {
  readonly dataDir: string
  readonly url: string
  readonly port: number
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #output = ''

  private constructor(port: number, dataDir: string, env: Readonly<Record<string, string>>) {
    this.port = port
    this.dataDir = dataDir
    this.url = `http://127.0.0.1:${port}`
    this.#env = env
  }

  /** Starts one; `env` is added to its environment. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), mkdtempSync(join(tmpdir(), 'ballast-embedded-')), env)
    await server.restart()
    return server
  }

  /** All it wrote to stdout and stderr. */
  get output(): string {
    return this.#output
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Starts the process again on the same port and data. */
  async restart(): Promise<void> {
    const child = this.spawn()
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve())
      child.once('exit', (code, signal) => reject(new Error(`the server stopped at its start (${signal ?? code}):\n${this.#output}`)))
    })
  }

  /** Spawns a process with this server's settings, without waiting for its start. */
  spawn(env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, ['--conditions=@ballast/source', main], {
      env: {
        ...process.env,
        CLICKHOUSE_EMBEDDED_PORT: String(this.port),
        CLICKHOUSE_EMBEDDED_DATA_DIR: this.dataDir,
        CLICKHOUSE_EMBEDDED_MAX_CONCURRENT_QUERIES: '4',
        LOG_LEVEL: 'warn',
        ...this.#env,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString()
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    return child
  }

  /** Sends a signal and gives the exit code, or the signal's name when that is what ended it. */
  async signal(signal: NodeJS.Signals): Promise<number | string> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? child?.signalCode ?? 0
    const exited = exitOf(child)
    child.kill(signal)
    return exited
  }

  /** Runs SQL and gives the response's text; for set-up and checks. */
  async sql(query: string, parameters = ''): Promise<string> {
    const response = await fetch(`${this.url}/?${parameters}`, { method: 'POST', body: query })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text.trimEnd()
  }

  /** Ends the process and removes its data. */
  async remove(): Promise<void> {
    await this.signal('SIGKILL')
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

/** The exit code of a child, or the name of the signal that ended it. */
export function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code ?? 0)))
}

/** What a run of curl gave. */
export interface CurlResult {
  readonly exitCode: number
  readonly stdout: Buffer
}

/** Runs the real curl; `input` is its stdin. */
export function curl(args: readonly string[], input?: Buffer | string): Promise<CurlResult> {
  return new Promise((resolve) => {
    const child = execFile('curl', ['-sS', '--max-time', '30', ...args], { encoding: 'buffer', maxBuffer: 2 ** 28 }, (error, stdout) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout })
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Polls until `condition` holds. @throws Error when it does not within `deadlineMs`. */
export async function eventually(condition: () => Promise<boolean> | boolean, deadlineMs = 10_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`the condition did not hold within ${deadlineMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
