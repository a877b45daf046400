import { RECORDS, traceRequests } from '../bench/requests.ts'
import { transcodeTraces } from '../src/index.ts'

// Run by allocation.test.ts in a process of its own: prints the bytes of JavaScript heap that transcoding takes for a span.
const options = { encoding: 'protobuf', tenantId: 'default', receivedAtUnixNano: 1n } as const
const requests = traceRequests(4)

function run(times: number): void {
  for (let time = 0; time < times; time++) for (const request of requests) transcodeTraces(request, options)
}

run(500)
const perSpan = Array.from({ length: 20 }, () => {
  const before = process.memoryUsage().heapUsed
  run(1)
  return (process.memoryUsage().heapUsed - before) / (requests.length * RECORDS)
}).toSorted((a, b) => a - b)
process.stdout.write(String(perSpan[10]))
