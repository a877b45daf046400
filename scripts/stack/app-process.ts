import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stopChild } from './stop-child.ts'

/** One of our apps, running as a child process. */
export interface AppProcess {
  readonly name: string
  readonly process: ChildProcess
  /** The last lines it wrote, for error messages. */
  readonly output: () => string
  /** Asks it to stop and waits until it has. */
  readonly stop: () => Promise<void>
}

export interface AppProcessOptions {
  /** Folder under `apps/`. */
  readonly app: string
  /** Name in messages; the app's by default. */
  readonly name?: string
  /** Its entry point under the app's folder. @default src/main.ts */
  readonly entry?: string
  /** Added to this process's environment. */
  readonly env: Readonly<Record<string, string>>
  /** Called with each line it writes. */
  readonly onLine?: (line: string) => void
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where Node keeps what it compiled, for the next start: an app that loads its sources starts in half the time. */
export const compileCacheDir = join(root, 'node_modules', '.cache', 'node-compile')

/** What the start script of an app tells Node. */
function nodeFlags(app: string): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'apps', app, 'package.json'), 'utf8')) as { readonly scripts: { readonly start: string } }
  return scripts.start.split(' ').filter((word) => word.startsWith('--'))
}

/**
 * Starts an app and waits until it says that it has started.
 *
 * @throws Error with the app's last lines when it stops instead.
 */
export async function startApp(options: AppProcessOptions): Promise<AppProcess> {
  const { app, name = app, entry = 'src/main.ts', env, onLine } = options
  const child = spawn(process.execPath, [...nodeFlags(app), `apps/${app}/${entry}`], {
    cwd: root,
    env: { NODE_COMPILE_CACHE: compileCacheDir, ...process.env, ...env },
    // The IPC channel tells the child when this process is gone, even by SIGKILL.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A process group of its own: Ctrl-C reaches this process alone, which then stops its children in order.
    detached: true,
  })
  const lines: string[] = []
  const collect = (chunk: Buffer): void => {
    for (const line of chunk.toString().split('\n').filter(Boolean)) {
      lines.push(line)
      if (lines.length > 50) lines.shift()
      onLine?.(line)
    }
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`${name} stopped at the start (${signal ?? `exit code ${code}`}):\n${lines.slice(-8).join('\n')}`)))
  })
  return { name, process: child, output: () => lines.join('\n'), stop: () => stopChild(child, 'SIGTERM', 20_000) }
}
