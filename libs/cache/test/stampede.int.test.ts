import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { OwnRedis, until } from './redis-fixture.ts'
import type { Order, Report } from './stampede-process.ts'

const PROCESSES = 8
const CALLERS = 250
const SOFT_TTL_MS = 300
const program = fileURLToPath(new URL('stampede-process.ts', import.meta.url))

/** A service in a process of its own, and what it has told so far. */
class Service {
  readonly reports: Report[] = []
  readonly #child: ChildProcess

  constructor(url: string) {
    this.#child = fork(program, [url, String(SOFT_TTL_MS)], { execArgv: ['--conditions=@ballast/source'] })
    this.#child.on('message', (report: Report) => this.reports.push(report))
  }

  order(order: Order): void {
    this.#child.send(order)
  }

  count(kind: Report['kind']): number {
    return this.reports.filter((report) => report.kind === kind).length
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once('exit', () => resolve())
      this.#child.disconnect()
    })
  }
}

let redis: OwnRedis
let services: Service[]

const loads = (): number => services.reduce((sum, service) => sum + service.count('loading'), 0)
const answers = (): string[][] => services.map(({ reports }) => reports.flatMap((report) => (report.kind === 'answered' ? report.values : [])))
const all = (kind: Report['kind'], count: number): Promise<void> => until(`each process has ${kind} ${count} times`, () => services.every((service) => service.count(kind) === count))
const order = (each: Order): void => services.forEach((service) => service.order(each))

beforeAll(async () => {
  redis = await OwnRedis.start()
  services = Array.from({ length: PROCESSES }, () => new Service(redis.url))
  await all('ready', 1)
})

beforeEach(() => {
  for (const { reports } of services) reports.length = 0
  order({ kind: 'hold' })
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await redis.remove()
})

test('8 processes with 250 callers each ask for one cold key: the loader runs once in all of them together', async () => {
  order({ kind: 'ask', id: 'cold', callers: CALLERS })
  await all('asked', 1)
  await until('somebody loads', () => loads() > 0)
  order({ kind: 'release', value: 'loaded' })
  await all('answered', 1)
  expect(answers()).toEqual(Array.from({ length: PROCESSES }, () => ['loaded']))
  expect(services.flatMap(({ reports }) => reports.flatMap((report) => (report.kind === 'answered' ? report.answers : [])))).toEqual(Array.from({ length: PROCESSES }, () => CALLERS))
  expect(loads()).toBe(1)
})

test('8 processes with 250 callers each ask for a key whose soft TTL is over, again and again: the loader runs once, and nobody waits for it', async () => {
  order({ kind: 'release', value: 'old' })
  services[0]!.order({ kind: 'ask', id: 'hot', callers: 1 })
  await until('the value is in Redis', () => services[0]!.count('answered') === 1)
  order({ kind: 'hold' })
  const storedAt = Date.now()
  await until('the value is stale', () => Date.now() > storedAt + SOFT_TTL_MS)
  services[0]!.reports.length = 0
  for (let round = 1; round <= 5; round++) {
    order({ kind: 'ask', id: 'hot', callers: CALLERS })
    // The load does not end before it is told to: who waited for it would have no answer now.
    await all('answered', round)
  }
  await until('somebody renews it', () => loads() > 0)
  expect(loads()).toBe(1)
  expect(new Set(answers().flat())).toEqual(new Set(['old']))
  order({ kind: 'release', value: 'new' })
})

// The last one: Redis does not come back.
test('8 processes with 250 callers each ask for one cold key while Redis is stopped: the loader runs once in each process', async () => {
  await redis.kill()
  order({ kind: 'ask', id: 'cold', callers: CALLERS })
  await all('asked', 1)
  await until('each loads', () => services.every((service) => service.count('loading') > 0))
  order({ kind: 'release', value: 'loaded' })
  await all('answered', 1)
  expect(services.map((service) => service.count('loading'))).toEqual(Array.from({ length: PROCESSES }, () => 1))
})
