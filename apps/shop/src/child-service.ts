import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One of the shop's services in a process of its own, tied to this one by an IPC channel: it stops when this process is gone. */
export class ChildService {
  readonly name: string
  readonly #process: ChildProcess
  #stopping = false
  #failure: Error | undefined

  private constructor(name: string, process: ChildProcess) {
    this.name = name
    this.#process = process
  }

  /**
   * Starts it and waits until it says that it has started.
   *
   * @param onFailure - called when it stops, after its start, without having been asked to.
   * @throws Error when it stops instead of starting.
   */
  static async start(name: string, onFailure: () => void): Promise<ChildService> {
    const entry = fileURLToPath(new URL(`./${name}/main${extname(import.meta.url)}`, import.meta.url))
    const child = spawn(process.execPath, [...process.execArgv, entry], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A process group of its own: Ctrl-C reaches the parent alone, which then stops its children in order.
      detached: true,
    })
    const service = new ChildService(name, child)
    await new Promise<void>((resolve, reject) => {
      let started = false
      child.once('message', () => {
        started = true
        resolve()
      })
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        service.#failure = new Error(`${name} stopped (${signal ?? `exit code ${code}`})`)
        reject(service.#failure)
        if (started && !service.#stopping) onFailure()
      })
    })
    return service
  }

  /** Asks it to stop and waits until it has. @throws Error when it had stopped before. */
  async stop(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#stopping = true
    this.#process.kill('SIGTERM')
    await once(this.#process, 'exit')
  }
}
