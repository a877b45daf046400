import { logs, SeverityNumber } from '@opentelemetry/api'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { startTelemetry, unitOfWork, type Work } from '../src/index.ts'

// `node unit-cost.ts <units>`: CPU time of one unit of work up to the queue, in microseconds; the exporter throws away what it gets.
const units = Number(process.argv[2])
const BATCHES = 20
let exported = 0
const exporter = {
  export(items: unknown[], done: (result: ExportResult) => void): void {
    exported += items.length
    done({ code: ExportResultCode.SUCCESS })
  },
  async forceFlush(): Promise<void> {},
  async shutdown(): Promise<void> {},
}
const telemetry = startTelemetry({ service: 'cost', maxQueueSize: 4_096, fetch: false, exporters: { spans: exporter, events: exporter } })
const logger = logs.getLoggerProvider().getLogger('raw')

function fill(work: Work): void {
  work.set('customer.plan', 'pro')
  work.set('customer.id', 'c-4711')
  work.set('cart.items', 3)
  work.add('rows', 2)
  work.recordTime('db', 3.5)
}

const subjects: Record<string, () => void> = {
  'unit of work': () => unitOfWork('job', { span: false }, fill),
  'unit of work with its span': () => unitOfWork('job', fill),
  'the SDK\'s own log record': () => {
    const attributes = { 'work.outcome': 'ok', 'work.duration_ms': 3.5, 'customer.plan': 'pro', 'customer.id': 'c-4711', 'cart.items': 3, rows: 2, 'work.timer.db.count': 1, 'work.timer.db.total_ms': 3.5, 'work.timer.db.max_ms': 3.5 }
    logger.emit({ eventName: 'job', severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: 'job ok', attributes })
  },
}

const costs: Record<string, number[]> = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]))
for (let batch = 0; batch < BATCHES; batch++) {
  for (const [name, subject] of Object.entries(subjects)) {
    const before = process.cpuUsage()
    for (let unit = 0; unit < units / BATCHES; unit++) {
      subject()
      // As between requests: what waits may leave.
      if (unit % 500 === 499) await new Promise((resolve) => setImmediate(resolve))
    }
    const { user, system } = process.cpuUsage(before)
    costs[name]!.push((user + system) / (units / BATCHES))
  }
}
await telemetry.shutdown()
// Four records in each turn: an event, an event and a span, a log record.
if (exported !== 4 * units) throw new Error(`${exported} records were exported, not ${4 * units}`)
process.send!(Object.fromEntries(Object.entries(costs).map(([name, values]) => [name, values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]])))
process.disconnect()
