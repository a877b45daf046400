import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A program that runs in a process of its own. */
export interface Program {
  readonly process: ChildProcess
  /** What it wrote. */
  readonly output: () => string
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** Starts a program of this repository, given by its path from the root. */
export function startProgram(path: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(process.execPath, ['--conditions=@ballast/source', path, ...args], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let output = ''
  const collect = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals)
  return { process: child, output: () => output, ended }
}

/** The next message of a program. @throws Error with its output when it ends instead. */
export function nextMessage<T>({ process: child, output, ended }: Program): Promise<T> {
  return Promise.race([
    once(child, 'message').then(([message]) => message as T),
    ended.then((how) => { throw new Error(`the program ended (${how}):\n${output()}`) }),
  ])
}
