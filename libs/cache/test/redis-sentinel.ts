import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { stopWithThisProcess } from '../../../scripts/stack/orphan-guard.ts'
import { findRedisProgram } from '../../../scripts/stack/redis.ts'
import { OwnRedis, until } from './redis-fixture.ts'

/** How long a master must not answer to be given up. */
const DOWN_AFTER_MS = 500

/** A master, its replica, and three sentinels that promote the replica when the master is gone. */
export class SentinelRedis {
  static readonly masterName = 'main'
  readonly master: OwnRedis
  readonly replica: OwnRedis
  readonly sentinels: readonly { readonly host: string; readonly port: number }[]
  readonly #processes: readonly ChildProcess[]
  readonly #dir: string

  static async start(): Promise<SentinelRedis> {
    const master = await OwnRedis.start()
    const replica = await OwnRedis.start(['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0'])
    const ports = await Promise.all([1, 2, 3].map(() => freePort()))
    const redis = new SentinelRedis(master, replica, ports)
    await redis.#agree()
    return redis
  }

  constructor(master: OwnRedis, replica: OwnRedis, ports: readonly number[]) {
    this.master = master
    this.replica = replica
    this.sentinels = ports.map((port) => ({ host: '127.0.0.1', port }))
    this.#dir = mkdtempSync(join(tmpdir(), 'ballast-sentinel-'))
    this.#processes = ports.map((port) => {
      const file = join(this.#dir, `${port}.conf`)
      const { masterName: name } = SentinelRedis
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${this.#dir}`,
        `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
        `sentinel down-after-milliseconds ${name} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${name} 5000`,
      ]
      writeFileSync(file, `${lines.join('\n')}\n`)
      const child = spawn(findRedisProgram()!, [file, '--sentinel'], { stdio: 'ignore', detached: true })
      child.once('exit', stopWithThisProcess(child.pid!))
      return child
    })
  }

  async remove(): Promise<void> {
    for (const child of this.#processes) child.kill('SIGKILL')
    await Promise.all([this.master.remove(), this.replica.remove()])
    rmSync(this.#dir, { recursive: true, force: true })
  }

  /** Resolves when each sentinel knows the replica and both of the other sentinels. */
  async #agree(): Promise<void> {
    for (const { port } of this.sentinels) {
      const client = new Redis(port)
      client.on('error', () => {})
      await until('the sentinel knows the others', async () => {
        const fields = (await client.call('SENTINEL', 'MASTER', SentinelRedis.masterName).catch(() => [])) as string[]
        const field = (name: string): string | undefined => fields[fields.indexOf(name) + 1]
        return fields.length > 0 && field('num-slaves') === '1' && field('num-other-sentinels') === '2' && field('flags') === 'master'
      })
      client.disconnect()
    }
  }
}
