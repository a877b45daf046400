import { RECORDS, traceRequests } from '../bench/requests.ts'
import { metricRequests } from '../bench/metric-requests.ts'
import { transcodeMetrics, transcodeTraces } from '../src/index.ts'

// Run by allocation.test.ts in a process of its own: prints the bytes of JavaScript heap that transcoding takes for a record of the signal that is its argument.
const options = { encoding: 'protobuf', tenantId: 'default', receivedAtUnixNano: 1n } as const
const metrics = process.argv[2] === 'metrics'
const requests = metrics ? metricRequests(4) : traceRequests(4)
const transcode = metrics ? transcodeMetrics : transcodeTraces

function run(times: number): void {
  for (let time = 0; time < times; time++) for (const request of requests) transcode(request, options)
}

run(500)
const perRecord = Array.from({ length: 20 }, () => {
  const before = process.memoryUsage().heapUsed
  run(1)
  return (process.memoryUsage().heapUsed - before) / (requests.length * RECORDS)
}).toSorted((a, b) => a - b)
process.stdout.write(String(perRecord[10]))
