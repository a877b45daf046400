import { assertProduct } from './product.ts'
import { measure, type Measurement, ratioOf, type Subject } from './subject.ts'
import type { BenchRow } from '../../../scripts/bench-row.ts'

type Report = (row: BenchRow) => void

const OURS = '@ballast/cache'
const BATCH = 100
const ids = Array.from({ length: 1_000 }, (_, i) => `product-${i}`)
const batches = Array.from({ length: ids.length / BATCH }, (_, i) => ids.slice(i * BATCH, (i + 1) * BATCH))

const hit: Measurement['call'] = ({ get }, n) => get(ids[n % ids.length]!)
const miss: Measurement['call'] = ({ get }, n) => get(`fresh-${n}`)
const many: Measurement['call'] = ({ get, getMany }, n) => {
  const batch = batches[n % batches.length]!
  return getMany === undefined ? Promise.all(batch.map((id) => get(id))) : getMany(batch)
}

/** Fills the tier that is measured, and asserts that each subject answers with the right values from there. */
async function warmUp(subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) {
    await Promise.all(ids.map((id) => subject.get(id)))
    for (const id of ids) assertProduct(subject.name, id, await subject.get(id))
    for (const batch of batches) {
      const answers = (await many(subject, batches.indexOf(batch))) as Map<string, unknown> | unknown[]
      const products = Array.isArray(answers) ? answers : batch.map((id) => answers.get(id))
      for (const [i, id] of batch.entries()) assertProduct(subject.name, id, products[i])
    }
  }
}

/** Asserts that a value that was loaded is found again, with all that were loaded with it. */
async function assertMisses(subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) {
    const fresh = Array.from({ length: 64 }, (_, i) => `warm-${i}`)
    for (let pass = 0; pass < 2; pass++) for (const [i, product] of (await Promise.all(fresh.map((id) => subject.get(id)))).entries()) assertProduct(subject.name, fresh[i]!, product)
  }
}

async function runCase(name: string, subjects: readonly Subject[], measurement: Measurement, report: Report, unit = 'calls/s'): Promise<void> {
  const rates = await measure(subjects, measurement)
  for (const subject of subjects) subject.verify?.()
  const ours = rates.get(OURS)!
  for (const [subject, rate] of rates) {
    report({ case: name, subject, value: Math.round(rate.perSecond), unit, ...(subject !== OURS && { ratio: Number(ratioOf(ours, rate).toFixed(2)), against: subject }) })
  }
}

/** What the heap grows by for each entry, value included. */
async function runMemory(makeSubjects: () => readonly Subject[], entries: number, report: Report): Promise<void> {
  const collect = globalThis.gc
  if (collect === undefined) return
  const bytes = new Map<string, number>()
  for (const subject of makeSubjects()) {
    // Compiled, and its tables allocated, before the count.
    for (let i = 0; i < 1_000; i++) await subject.get(`warm-${i}`)
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < entries; i++) await subject.get(`product-${i}`)
    collect()
    bytes.set(subject.name, (process.memoryUsage().heapUsed - before) / entries)
    assertProduct(subject.name, 'product-7', await subject.get('product-7'))
    await subject.close?.()
  }
  const ours = bytes.get(OURS)!
  for (const [subject, value] of bytes) {
    report({ case: 'memory of a local entry', subject, value: Math.round(value), unit: 'bytes', ...(subject !== OURS && { ratio: Number((ours / value).toFixed(2)), against: subject }) })
  }
}

async function closeAll(subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) await subject.close?.()
}

/** `npm run bench -- cache` */
export const bench = {
  name: 'cache',
  summary: 'hits and misses of the local tier and of Redis, against raw lru-cache, raw ioredis and six cache libraries',
  async run({ quick, report, redisUrl }: { quick: boolean; report: Report; redisUrl: string }): Promise<void> {
    const { localSubjects } = await import('./local-subjects.ts')
    const local = localSubjects()
    await warmUp(local)
    await runCase('local hit, one after another', local, { call: hit, turnMs: quick ? 20 : 100, rounds: quick ? 9 : 25, callsPerLook: 64, atOnce: 1 }, report)
    await closeAll(local)

    const { redisSubjects } = await import('./redis-subjects.ts')
    const redis = await redisSubjects(redisUrl)
    await warmUp(redis)
    await runCase('Redis hit, 64 at once', redis, { call: hit, turnMs: quick ? 50 : 200, rounds: quick ? 9 : 31, callsPerLook: 64, atOnce: 64 }, report)
    await runCase('Redis hit, one after another', redis, { call: hit, turnMs: quick ? 30 : 150, rounds: quick ? 9 : 31, callsPerLook: 1, atOnce: 1 }, report)
    await runCase(`Redis hits, getMany of ${BATCH}`, redis, { call: many, turnMs: quick ? 40 : 150, rounds: quick ? 9 : 31, callsPerLook: 1, atOnce: 1 }, report)
    await closeAll(redis)

    const { tieredSubjects } = await import('./tiered-subjects.ts')
    const tiered = await tieredSubjects(redisUrl)
    await assertMisses(tiered)
    await runCase('miss and load through both tiers, 64 at once', tiered, { call: miss, turnMs: quick ? 100 : 300, rounds: quick ? 9 : 31, callsPerLook: 64, atOnce: 64 }, report)
    await closeAll(tiered)

    await runMemory(localSubjects, 8_000, report)
  },
}
