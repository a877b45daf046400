import { assertProduct } from './product.ts'
import { measure, type Measurement, type Subject } from './subject.ts'

/** One measured figure, for the runner. `ratio` is ours divided by the competitor's. */
interface Row {
  readonly case: string
  readonly subject: string
  readonly value: number
  readonly unit: string
  readonly ratio?: number
  readonly against?: string
}

const OURS = '@ballast/cache'
const ids = Array.from({ length: 1_000 }, (_, i) => `product-${i}`)

async function runCase(name: string, subjects: readonly Subject[], measurement: Measurement, report: (row: Row) => void): Promise<void> {
  try {
    for (const subject of subjects) {
      // Twice: the first call may fill the tier that is measured.
      await Promise.all(ids.map((id) => subject.get(id)))
      for (const id of ids) assertProduct(subject.name, id, await subject.get(id))
    }
    const rates = await measure(subjects, measurement)
    const ours = rates.get(OURS)!
    for (const [subject, value] of rates) {
      report({ case: name, subject, value: Math.round(value), unit: 'calls/s', ...(subject !== OURS && { ratio: Number((ours / value).toFixed(2)), against: subject }) })
    }
  } finally {
    for (const subject of subjects) await subject.close?.()
  }
}

/** `npm run bench -- cache` */
export const bench = {
  name: 'cache',
  summary: 'hits of the local tier and of Redis, against raw lru-cache, raw ioredis and five cache libraries',
  async run({ quick, report, redisUrl }: { quick: boolean; report: (row: Row) => void; redisUrl: string }): Promise<void> {
    const { localSubjects } = await import('./local-subjects.ts')
    await runCase('local hit, one after another', localSubjects(), { ids, calls: quick ? 50_000 : 200_000, rounds: quick ? 9 : 25, atOnce: 1 }, report)
    const { redisSubjects } = await import('./redis-subjects.ts')
    await runCase('Redis hit, 64 at once', await redisSubjects(redisUrl), { ids, calls: quick ? 10_000 : 40_000, rounds: quick ? 15 : 31, atOnce: 64 }, report)
  },
}
