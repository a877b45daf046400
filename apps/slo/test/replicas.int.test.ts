import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { redisKeys } from '../src/leader/redis-keys.ts'
import { closed, listening } from './loopback.ts'

const LEASE_MS = 800
const TICK_MS = 100
/** What the machine may take beyond lease and tick: processes start, and others run beside them. */
const SLACK_MS = 1500
const LONG = process.env['BALLAST_TEST_LONG'] === '1'
const FAILURES = LONG ? 100 : 5
const root = fileURLToPath(new URL('../../..', import.meta.url))

interface Notice {
  readonly webhookId: string
  readonly type: string
  readonly alertId: string
}

/** A receiver of alerts that also says whether there is a fault, and hears when a replica acted. */
class World {
  faulty = false
  readonly notices: Notice[] = []
  readonly actedAt: number[] = []
  readonly #server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (request.url === '/alerts') {
        const { type, data } = JSON.parse(body) as { type: string; data: { alertId: string } }
        this.notices.push({ webhookId: String(request.headers['webhook-id']), type, alertId: data.alertId })
      } else if (request.url === '/fault/acted') {
        this.actedAt.push(performance.now())
      }
      response.end(this.faulty ? 'faulty' : 'well')
    })
  })
  port = 0

  async open(): Promise<void> {
    this.port = await listening(this.#server)
  }

  /** What a receiver that drops ids it has seen was told, in order. */
  get incidents(): Notice[] {
    return this.notices.filter(({ webhookId }, index) => this.notices.findIndex((other) => other.webhookId === webhookId) === index)
  }

  close(): Promise<void> {
    return closed(this.#server, () => this.#server.closeAllConnections())
  }
}

let world: World
let redis: Redis
let replicas: ChildProcess[]
let database: string
let logs: string

beforeEach(async () => {
  world = new World()
  await world.open()
  redis = new Redis(inject('redisUrl'))
  database = `replicas-${process.pid}-${Date.now()}`
  replicas = []
  logs = ''
})

afterEach(async () => {
  for (const replica of replicas) replica.kill('SIGKILL')
  await world.close()
  await redis.del(...Object.values(redisKeys(database)))
  redis.disconnect()
})

async function startReplica(redisUrl: string = inject('redisUrl')): Promise<void> {
  const base = `http://127.0.0.1:${world.port}`
  const args = ['--conditions=@ballast/source', 'apps/slo/test/replica.ts', redisUrl, `${base}/alerts`, `${base}/fault`, database, String(LEASE_MS), String(TICK_MS)]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (logs = (logs + chunk.toString()).slice(-200_000)))
  replicas.push(child)
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`a replica stopped at the start (${code}): ${logs.slice(-2000)}`)))
  })
  child.removeAllListeners('exit')
}

/** The replica that has the lease. */
async function leader(): Promise<ChildProcess> {
  for (;;) {
    const pid = Number((await redis.get(redisKeys(database).lease))?.split(' ')[1])
    const found = replicas.find((replica) => replica.pid === pid)
    if (found !== undefined) return found
    await delay(20)
  }
}

/** The leader fails: killed, and another one started, or stopped for longer than its lease. Resolves when it is over. */
async function failLeader(how: 'killed' | 'stopped'): Promise<void> {
  const failing = await leader()
  if (how === 'killed') {
    failing.kill('SIGKILL')
    replicas.splice(replicas.indexOf(failing), 1)
    return startReplica()
  }
  failing.kill('SIGSTOP')
  await delay(LEASE_MS * 1.3)
  failing.kill('SIGCONT')
}

const told = (type: string): number => world.incidents.filter((notice) => notice.type === `slo.alert.${type}`).length
const wait = { timeout: 20_000, interval: 20 }

describe('three replicas', () => {
  test(
    `tell of each incident once, under one id, though the leader fails ${FAILURES} times, and no tick is missed for longer than a lease`,
    async () => {
      await Promise.all([startReplica(), startReplica(), startReplica()])
      await leader()
      for (let incident = 1; incident <= FAILURES; incident++) {
        const how = incident % 2 === 0 ? 'killed' : 'stopped'
        const isAtEnd = incident % 4 > 1
        world.faulty = true
        // A failure at the end of an incident waits for its beginning.
        await expect.poll(() => !isAtEnd || told('firing') === incident, wait).toBe(true)
        world.faulty = !isAtEnd
        // At any moment of what follows: evaluated, committed, sent, taken or recorded.
        await delay(Math.random() * 2 * TICK_MS)
        const over = failLeader(how)
        await expect.poll(() => told('firing'), wait).toBe(incident)
        world.faulty = false
        await expect.poll(() => told('resolved'), wait).toBe(incident)
        await over
      }
      const incidents = Map.groupBy(world.incidents, ({ alertId }) => alertId)
      expect(incidents.size).toBe(FAILURES)
      expect([...incidents.values()].map((notices) => notices.map(({ type }) => type))).toEqual(Array(FAILURES).fill(['slo.alert.firing', 'slo.alert.resolved']))
      const longest = Math.max(...world.actedAt.slice(1).map((at, index) => at - world.actedAt[index]!))
      expect(longest).toBeLessThan(LEASE_MS + TICK_MS + SLACK_MS)
      if (LONG) process.stdout.write(`${FAILURES} failures: ${world.notices.length} requests for ${incidents.size} incidents, longest time without a tick ${Math.round(longest)} ms\n`)
    },
    LONG ? 900_000 : 90_000,
  )
})

describe('without Redis', () => {
  test('every replica tells, under one id: twice rather than never', async () => {
    await Promise.all([startReplica('redis://127.0.0.1:1'), startReplica('redis://127.0.0.1:1')])
    world.faulty = true
    await expect.poll(() => world.notices.length, wait).toBe(2)
    world.faulty = false
    await expect.poll(() => world.notices.length, wait).toBe(4)
    expect(world.incidents.map(({ type }) => type)).toEqual(['slo.alert.firing', 'slo.alert.resolved'])
    expect(logs).toContain('this replica acts without knowing of others')
  }, 30_000)
})
