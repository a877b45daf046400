import { randomUUID } from 'node:crypto'
import { createLogger, Lifecycle } from '@ballast/service'
import { settings } from '../src/config.ts'
import { Leadership } from '../src/leader/leadership.ts'
import { openCoordination } from '../src/leader/open-coordination.ts'
import { startAlerting } from '../src/start-alerting.ts'
import { Ticker } from '../src/ticker.ts'
import { evaluation, ListLog } from './alert-fakes.ts'
import { objective } from './objectives.ts'

// One replica of the engine as a process: leadership, ledger, outbox and webhook are the app's own; what is measured is what `<fault>`
// answers. Arguments: Redis, webhook, fault, name of the database, lease and tick in milliseconds.
const [redisUrl, webhookUrl, faultUrl, database, lease, tick] = process.argv.slice(2) as [string, string, string, string, string, string]
const config = settings.read({ REDIS_URL: redisUrl, SLO_WEBHOOK_URL: webhookUrl, SLO_WEBHOOK_TIMEOUT: '500ms', SLO_LEASE: `${lease}ms` })
const log = createLogger('slo', 'info')
const coordination = await openCoordination({ url: redisUrl, database, leaseMs: config.leaseMs, log })
const leadership = new Leadership({ lease: coordination.lease, log })
const noProof = { query: () => Promise.resolve([]) } as never
const { book } = startAlerting({ config, log, lifecycle: new Lifecycle(log, 1000), clickhouse: noProof, history: new ListLog(), store: coordination.store, leadership, rules: {}, count: () => undefined })

const watched = objective()
const [healthy, burning] = [evaluation(watched, { good: 1000, total: 1000 }), evaluation(watched, { good: 0, total: 1000 })]
const id = randomUUID()
new Ticker().start(
  Number(tick),
  async () => {
    try {
      const isFaulty = (await (await fetch(faultUrl, { signal: AbortSignal.timeout(500) })).text()) === 'faulty'
      await book.update([isFaulty ? burning : healthy], () => false, Date.now())
      if (book.acting) await fetch(`${faultUrl}/acted`, { method: 'POST', body: id, signal: AbortSignal.timeout(500) })
    } catch (error) {
      log.warn({ err: error }, 'tick failed')
    }
  },
  Math.random() * Number(tick),
)
process.on('disconnect', () => process.exit(0))
process.send?.('started')
