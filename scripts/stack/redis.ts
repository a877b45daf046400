import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { stopWithThisProcess } from './orphan-guard.ts'
import { stopChild } from './stop-child.ts'

/** A Redis server that this process started. */
export interface RedisServer {
  readonly url: string
  readonly process: ChildProcess
  readonly stop: () => Promise<void>
}

/** Programs that speak the Redis protocol, in order of preference. */
const PROGRAMS = ['redis-server', 'valkey-server'] as const

/** The Redis or Valkey server on PATH, if there is one. */
export function findRedisProgram(): string | undefined {
  return PROGRAMS.find((program) => {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

/**
 * Starts Redis on loopback, without persistence: what Ballast keeps in Redis may be lost at any time.
 *
 * @param dataDir - its working directory; made when missing.
 */
export async function startRedis(port: number, dataDir: string, extraArgs: readonly string[] = []): Promise<RedisServer> {
  const program = findRedisProgram()
  if (program === undefined) throw new Error('no redis-server or valkey-server on PATH; run `node scripts/prepare.mjs`, which installs one or says how')
  mkdirSync(dataDir, { recursive: true })
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dataDir, '--save', '', '--appendonly', 'no', '--daemonize', 'no', '--loglevel', 'warning', ...extraArgs]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const endGuard = stopWithThisProcess(child.pid!)
  child.once('exit', endGuard)
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-2000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  await answersPing(child, port, () => output)
  return { url: `redis://127.0.0.1:${port}`, process: child, stop: () => stopChild(child, 'SIGTERM', 5000) }
}

async function answersPing(child: ChildProcess, port: number, output: () => string): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`redis-server stopped at once: ${output().trim()}`)
    if (await ping(port)) return
    if (Date.now() > deadline) throw new Error(`redis-server did not answer PING on port ${port} within 10 s: ${output().trim()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const done = (ok: boolean): void => {
      socket.destroy()
      resolve(ok)
    }
    socket.setTimeout(1000, () => done(false))
    socket.on('data', (data) => done(data.toString().startsWith('+PONG')))
    socket.on('error', () => done(false))
  })
}
