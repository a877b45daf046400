import { Child, result } from './child.ts'
import type { Subject } from './hello-server.ts'
import { load } from './load.ts'
import type { BenchRow } from '../../../scripts/bench-row.ts'

const THEIRS = 'OpenTelemetry HTTP instrumentation'
/** Nothing listens on the port of the discard service. */
const UNREACHABLE = 'http://127.0.0.1:9'

const subjects: readonly { readonly name: string; readonly server: Subject; readonly reachable: boolean; readonly spans: number; readonly events: number }[] = [
  { name: 'fastify alone', server: 'fastify alone', reachable: true, spans: 0, events: 0 },
  { name: THEIRS, server: THEIRS, reachable: true, spans: 1, events: 0 },
  { name: '@ballast/telemetry', server: '@ballast/telemetry', reachable: true, spans: 1, events: 1 },
  { name: 'both: their span, our event', server: 'both', reachable: true, spans: 1, events: 1 },
  { name: '@ballast/telemetry, receiver unreachable', server: '@ballast/telemetry', reachable: false, spans: 0, events: 0 },
]

async function throughput(quick: boolean, report: (row: BenchRow) => void): Promise<void> {
  const rounds = quick ? 3 : 7
  const seconds = quick ? 1 : 3
  const sink = await Child.start('sink.ts')
  const servers = await Promise.all(subjects.map(({ server, reachable }) => Child.start('hello-server.ts', [server, reachable ? `http://127.0.0.1:${sink.port}` : UNREACHABLE])))
  const rates: number[][] = subjects.map(() => [])
  const cpu: number[][] = subjects.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, subject] of subjects.entries()) {
      const server = servers[index]!
      const before = await server.ask<{ served: number; cpuMicros: number }>('usage')
      const rate = await load(`http://127.0.0.1:${server.port}/hello`, seconds)
      const after = await server.ask<{ served: number; cpuMicros: number }>(subject.reachable ? 'flush' : 'usage')
      const served = after.served - before.served
      const got = await sink.ask<{ spans: number; events: number }>('count')
      if (got.spans !== served * subject.spans || got.events !== served * subject.events) {
        throw new Error(`${subject.name}: ${served} requests left ${got.spans} spans and ${got.events} events`)
      }
      // The first round warms up.
      if (round === 0) continue
      rates[index]!.push(rate)
      cpu[index]!.push((after.cpuMicros - before.cpuMicros) / served)
    }
  }
  for (const each of [...servers, sink]) await each.stop()
  const against = subjects.findIndex(({ name }) => name === THEIRS)
  for (const [what, unit, values] of [['Fastify hello, 50 connections', 'requests/s', rates], ['the same, CPU of the server', 'µs/request', cpu]] as const) {
    for (const [index, { name }] of subjects.entries()) {
      const value = median(values[index]!)
      report({ case: what, subject: name, value, unit, ...(index !== against && { ratio: Number((value / median(values[against]!)).toFixed(2)), against: THEIRS }) })
    }
  }
}

async function unitCost(quick: boolean, report: (row: BenchRow) => void): Promise<void> {
  const costs = await result<Record<string, number>>('unit-cost.ts', [String(quick ? 200_000 : 1_000_000)])
  const against = 'the SDK\'s own log record'
  for (const [subject, value] of Object.entries(costs)) {
    report({ case: 'one unit of work, CPU', subject, value: Number(value.toFixed(2)), unit: 'µs', ...(subject !== against && { ratio: Number((value / costs[against]!).toFixed(2)), against }) })
  }
}

async function memory(quick: boolean, report: (row: BenchRow) => void): Promise<void> {
  const units = quick ? 300_000 : 1_000_000
  const { early, late } = await result<{ early: number; late: number }>('memory.ts', [String(units), UNREACHABLE])
  const what = `heap over ${units.toLocaleString('en')} units, receiver unreachable`
  report({ case: what, subject: 'after the first tenth', value: Number((early / 2 ** 20).toFixed(1)), unit: 'MiB' })
  report({ case: what, subject: 'after all', value: Number((late / 2 ** 20).toFixed(1)), unit: 'MiB', ratio: Number((late / early).toFixed(2)), against: 'after the first tenth' })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** `npm run bench -- telemetry` */
export const bench = {
  name: 'telemetry',
  summary: 'one event and one span a request, against OpenTelemetry\'s own HTTP instrumentation alone',
  async run({ quick, report }: { quick: boolean; report: (row: BenchRow) => void }): Promise<void> {
    await unitCost(quick, report)
    await memory(quick, report)
    await throughput(quick, report)
  },
}
