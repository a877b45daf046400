import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { type RedisServer, startRedis } from '../../../scripts/stack/redis.ts'

/** A namespace that no other test uses. */
export function ownNamespace(): string {
  return `test-${randomUUID().slice(0, 8)}`
}

/** A Redis of this test's own, to be stopped, frozen and started again. */
export class OwnRedis {
  readonly port: number
  readonly url: string
  #server: RedisServer | undefined
  readonly #dir = mkdtempSync(join(tmpdir(), 'ballast-cache-'))
  readonly #args: readonly string[]

  static async start(args: readonly string[] = []): Promise<OwnRedis> {
    const redis = new OwnRedis(await freePort(), args)
    await redis.start()
    return redis
  }

  constructor(port: number, args: readonly string[] = []) {
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    this.#args = args
  }

  async start(): Promise<void> {
    this.#server = await startRedis(this.port, this.#dir, this.#args)
  }

  /** The process stays, and answers nothing until {@link thaw}. */
  freeze(): void {
    this.#server?.process.kill('SIGSTOP')
  }

  thaw(): void {
    this.#server?.process.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const child = this.#server?.process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

/** Resolves when `condition` holds; rejects when it has not within `deadlineMs`. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const end = Date.now() + deadlineMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Settles like `answer`, or fails when it hangs: the deadline is far above any bound that the cache promises. */
export function withoutHanging<T>(answer: Promise<T>, deadlineMs = 10_000): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer)).catch(reject)
  })
}
