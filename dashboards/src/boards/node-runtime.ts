import type { BoardSpec } from '../kit/board.ts'
import { attribute, counterRows, gaugeRows, gaugesBy, LATEST, ratesBy } from '../kit/metric-sql.ts'
import { chart, stat, table } from '../kit/panels.ts'
import { chosen, ratio, STEP } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const SCOPE = chosen('ServiceName', 'process')
const PROCESS = `concat(ServiceName, ' ', Instance)`
const gauge = (metric: string | readonly string[]) => ({ metric, where: SCOPE })
const busiest = (metric: string): string => `SELECT max(value) AS value FROM (SELECT ${LATEST} AS value FROM ${gaugeRows(gauge(metric))} GROUP BY ServiceName, Instance)`

/** Is a process starving? */
export const nodeRuntime: BoardSpec = {
  uid: 'ballast-node-runtime',
  title: 'Processes: Node runtime',
  question: 'Is a process starving?',
  dataPath: `Metrics of every Ballast process about itself, from \`${tableNames.metricsMinute}\` and \`${tableNames.metricsHour}\`.`,
  owner: 'libs/service/README.md',
  runbook: 'README',
  class: 'operations',
  variables: ['process'],
  verdict: [
    stat({ title: 'Processes', description: 'Processes that sent metrics in the range. More than run: some were started again.', unit: 'short', width: 6, sql: `SELECT uniqExact(ServiceName, Instance) AS value FROM ${gaugeRows(gauge('nodejs.eventloop.utilization'))}` }),
    stat({ title: 'Busiest event loop', description: 'Share of time that the busiest event loop works. Above 0.8 everything waits: more processes, or less work on the loop.', unit: 'percentunit', width: 6, limits: { warning: 0.6, bad: 0.8 }, sql: busiest('nodejs.eventloop.utilization') }),
    stat({ title: 'Longest wait, p99', description: 'p99 of the event loop\'s delay in the worst process. Every request pays it.', unit: 's', width: 6, limits: { warning: 0.05, bad: 0.2 }, sql: busiest('nodejs.eventloop.delay.p99') }),
    stat({ title: 'Fullest heap', description: 'Heap used by its limit, in the fullest process. Near 1 the process ends.', unit: 'percentunit', width: 6, limits: { warning: 0.7, bad: 0.9 }, sql: `SELECT max(share) AS value FROM (SELECT ${ratio(`argMaxIf(Total / Points, Time, MetricName = 'v8js.memory.heap.used')`, `argMaxIf(Total / Points, Time, MetricName = 'v8js.memory.heap.limit')`)} AS share FROM ${gaugeRows(gauge(['v8js.memory.heap.used', 'v8js.memory.heap.limit']))} GROUP BY ServiceName, Instance)` }),
  ],
  lines: [
    [
      chart({ title: 'Event loop delay, p99', description: 'How long work that is ready waits for the loop, p99 of each process.', unit: 's', width: 8, sql: gaugesBy(PROCESS, gauge('nodejs.eventloop.delay.p99'), 'max(Highest)') }),
      chart({ title: 'Event loop utilization', description: 'Share of time that the loop works, by process.', unit: 'percentunit', width: 8, max: 1, sql: gaugesBy(PROCESS, gauge('nodejs.eventloop.utilization')) }),
      chart({ title: 'CPU', description: 'Processors in use by process, threads included.', unit: 'none', width: 8, sql: ratesBy(PROCESS, gauge('process.cpu.time')) }),
    ],
    [
      chart({ title: 'Heap used', description: 'Memory of JavaScript objects by process. A floor that rises for hours is a leak.', unit: 'bytes', width: 8, sql: gaugesBy(PROCESS, gauge('v8js.memory.heap.used')) }),
      chart({ title: 'Memory', description: 'Resident memory by process, buffers and libraries included.', unit: 'bytes', width: 8, sql: gaugesBy(PROCESS, gauge('process.memory.usage')) }),
      chart({ title: 'Garbage collection', description: 'Share of time that each process spends collecting garbage. Above 0.1: too little heap, or too many short-lived objects.', unit: 'percentunit', width: 8, sql: ratesBy(PROCESS, gauge('v8js.gc.duration.sum')) }),
    ],
    [
      chart({ title: 'Open handles', description: 'Sockets, timers and files that keep the loop alive, by process. One that only grows is a leak.', unit: 'short', width: 8, sql: gaugesBy(PROCESS, gauge('nodejs.active_resources')) }),
      chart({ title: 'Telemetry waiting', description: 'Spans and events that wait to be sent, by service.', unit: 'short', width: 8, sql: gaugesBy('ServiceName', gauge(['otel.sdk.processor.span.queue.size', 'otel.sdk.processor.log.queue.size'])) }),
      chart({ title: 'Telemetry sent and lost', description: 'Spans and events a second that left the queue: sent, or dropped with the reason.', unit: 'ops', width: 8, sql: ratesBy(`if(${attribute('error.type')} = '', 'sent', ${attribute('error.type')})`, gauge(['otel.sdk.processor.span.processed', 'otel.sdk.processor.log.processed'])) }),
    ],
    [
      table({
        title: 'Processes', description: 'Each process that sent metrics in the range, newest start first. Several of one service within minutes: it is being restarted.', width: 24, units: { loop: 'percentunit', rss: 'bytes' },
        sql: `SELECT ServiceName AS service, Instance AS instance, min(Started) AS started, max(Time) AS seen, argMaxIf(Total / Points, Time, MetricName = 'nodejs.eventloop.utilization') AS loop, argMaxIf(Total / Points, Time, MetricName = 'process.memory.usage') AS rss FROM (SELECT *, min(Time) OVER (PARTITION BY Instance) AS Started FROM ${gaugeRows(gauge(['nodejs.eventloop.utilization', 'process.memory.usage']))}) GROUP BY service, instance ORDER BY started DESC LIMIT 100`,
      }),
    ],
  ],
  details: {
    'CPU by state': [chart({ title: 'CPU of all, by state', description: 'Processors in use by all chosen processes, in user code and in the system.', unit: 'none', width: 24, sql: `SELECT time, ${attribute('cpu.mode')} AS mode, sum(Increase) / any(${STEP}) AS value FROM ${counterRows(gauge('process.cpu.time'))} GROUP BY time, mode ORDER BY time, mode` })],
  },
}
