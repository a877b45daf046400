import { createCache } from '../src/index.ts'

/** What the test tells a process to do. */
export type Order =
  /** So many callers ask for one id at once. */
  | { readonly kind: 'ask'; readonly id: string; readonly callers: number }
  /** Loads that run now, and all later ones, end with this value. */
  | { readonly kind: 'release'; readonly value: string }
  /** Loads do not end from now on. */
  | { readonly kind: 'hold' }

/** What a process tells the test. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'loading' }
  /** Each caller's answer, as the different ones among them. */
  | { readonly kind: 'answered'; readonly values: readonly string[]; readonly answers: number }

// A service with a cache, as a process of its own; `stampede.int.test.ts` starts several, with the address of Redis and the soft TTL.
const tell = (report: Report): void => void process.send?.(report)
const waiting: ((value: string) => void)[] = []
let released: string | undefined

const cache = createCache({ namespace: 'stampede', redis: process.argv[2]!, leaseWait: '30s' })
const products = cache.define({
  name: 'product',
  load: (): Promise<string> => {
    tell({ kind: 'loading' })
    return released === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(released)
  },
  softTtl: Number(process.argv[3]),
  hardTtl: '1h',
  loadTimeout: '1m',
  beta: 0,
  jitter: 0,
})

async function ask(id: string, callers: number): Promise<void> {
  const answers = Array.from({ length: callers }, () => products.get(id))
  tell({ kind: 'asked' })
  const values = await Promise.all(answers)
  tell({ kind: 'answered', values: [...new Set(values)], answers: values.length })
}

process.on('message', (order: Order) => {
  if (order.kind === 'ask') void ask(order.id, order.callers)
  else if (order.kind === 'hold') released = undefined
  else {
    released = order.value
    for (const resolve of waiting.splice(0)) resolve(order.value)
  }
})
process.on('disconnect', () => process.exit())
const whenReady = setInterval(() => {
  if (cache.stats().redis.tracking !== 'live') return
  clearInterval(whenReady)
  tell({ kind: 'ready' })
}, 10)
