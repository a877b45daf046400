import { metricRequests } from '../bench/metric-requests.ts'
import { logRequests, RECORDS, traceRequests } from '../bench/requests.ts'
import { type OtlpEncoding, transcodeLogs, transcodeMetrics, transcodeTraces } from '../src/index.ts'

// Run by allocation.test.ts in a process of its own: prints the bytes of JavaScript heap that transcoding takes for a record of the signal and encoding that are its arguments.
const [, , signal, encoding] = process.argv as [string, string, 'traces' | 'logs' | 'metrics', OtlpEncoding]
const subjects = {
  traces: { requests: traceRequests, transcode: transcodeTraces },
  logs: { requests: logRequests, transcode: transcodeLogs },
  metrics: { requests: metricRequests, transcode: transcodeMetrics },
}
const { transcode } = subjects[signal]
const requests = subjects[signal].requests(4, undefined, encoding)

function run(times: number): void {
  for (let time = 0; time < times; time++) for (const request of requests) transcode(request, { encoding, tenantId: 'default', receivedAtUnixNano: 1n })
}

// Until all is compiled; JSON takes longer.
run(encoding === 'protobuf' ? 500 : 100)
const perRecord = Array.from({ length: 20 }, () => {
  const before = process.memoryUsage().heapUsed
  run(1)
  return (process.memoryUsage().heapUsed - before) / (requests.length * RECORDS)
}).toSorted((a, b) => a - b)
process.stdout.write(String(perRecord[10]))
