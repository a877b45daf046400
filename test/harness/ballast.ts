import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../scripts/stack/free-port.ts'
import { processStart } from '../../scripts/stack/process-identity.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Variables of the ports that `npm start` listens on. */
const PORT_VARIABLES = [
  'REDIS_PORT',
  'CLICKHOUSE_EMBEDDED_PORT',
  'INGEST_PORT',
  'INGEST_GRPC_PORT',
  'SLO_PORT',
  'SHOP_STOREFRONT_PORT',
  'SHOP_CATALOG_PORT',
  'SHOP_CHECKOUT_PORT',
  'SHOP_TRAFFIC_PORT',
] as const
type PortVariable = (typeof PORT_VARIABLES)[number]

/** A place to run Ballast in that collides with nothing: free ports and a state directory of its own. */
export async function freshPlace(): Promise<{ stateDir: string; ports: Record<PortVariable, number>; env: Record<string, string> }> {
  const stateDir = join(mkdtempSync(join(tmpdir(), 'ballast-e2e-')), 'state')
  const ports = Object.fromEntries(await Promise.all(PORT_VARIABLES.map(async (name) => [name, await freePort()] as const))) as Record<PortVariable, number>
  return { stateDir, ports, env: { BALLAST_STATE_DIR: stateDir, ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])) } }
}

/** `npm start`, typed by a test: in a process group of its own, so that Ctrl-C can be pressed as a terminal does it. */
export class Ballast {
  readonly #child: ChildProcess
  readonly #stateDir: string
  readonly #exit: Promise<number | NodeJS.Signals>
  #output = ''

  constructor(options: { args?: readonly string[]; env: Record<string, string>; stateDir: string; cwd?: string }) {
    const { args = [], env, stateDir, cwd = root } = options
    this.#stateDir = stateDir
    this.#child = spawn('npm', ['start', '--silent', ...(args.length > 0 ? ['--', ...args] : [])], {
      cwd,
      env: { ...withoutOurs(process.env), ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    this.#exit = once(this.#child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  }

  get output(): string {
    return this.#output
  }

  /** Resolves to the exit code, or to the signal that ended npm. */
  get exit(): Promise<number | NodeJS.Signals> {
    return this.#exit
  }

  /** Waits until the output holds a text; fails with the whole output when it ends first or takes too long. */
  async says(text: string | RegExp, deadlineMs = 120_000): Promise<string> {
    const deadline = Date.now() + deadlineMs
    let ended = false
    void this.#exit.then(() => (ended = true))
    for (;;) {
      const match = typeof text === 'string' ? (this.#output.includes(text) ? text : undefined) : text.exec(this.#output)?.[0]
      if (match !== undefined) return match
      if (ended || Date.now() > deadline) throw new Error(`npm start did not say ${String(text)}; it said:\n${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Every process that this run started and wrote down, by pid. */
  pids(): number[] {
    const path = join(this.#stateDir, 'run.json')
    if (!existsSync(path)) return []
    return (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }[]).map(({ pid }) => pid)
  }

  /** Ctrl-C, as a terminal sends it: to the whole foreground process group. */
  pressCtrlC(): void {
    process.kill(-this.#child.pid!, 'SIGINT')
  }

  /** Ctrl-C, and waits for the end. npm passes the signal on once its script has ended, or exits with the script's code. */
  async stop(): Promise<'clean'> {
    this.pressCtrlC()
    const exit = await this.#exit
    if (exit !== 0 && exit !== 'SIGINT') throw new Error(`npm start ended with ${exit}:\n${this.#output}`)
    return 'clean'
  }

  /** kill -9 of the launcher and of npm, which leaves the launcher no chance to stop its children. */
  kill(): void {
    process.kill(-this.#child.pid!, 'SIGKILL')
  }

  /** Whatever happened in the test: leaves no process behind. */
  async clean(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop().catch(() => {})
  }
}

/** The pids among these that still run. */
export function stillRunning(pids: readonly number[]): number[] {
  return pids.filter((pid) => processStart(pid) !== undefined)
}

/** An environment without Ballast's own variables, so that a developer's settings do not reach the tests. */
export function withoutOurs(env: NodeJS.ProcessEnv): Record<string, string> {
  const ours = /^(BALLAST_|INGEST_|SLO_|SHOP_|CLICKHOUSE_|REDIS_|OTEL_|npm_)/
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== undefined && !ours.test(name) && name !== 'VITEST' && name !== 'NODE_ENV')) as Record<string, string>
}
