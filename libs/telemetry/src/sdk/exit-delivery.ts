import { spawnSync } from 'node:child_process'
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { BatchQueue } from './batch-queue.ts'
import type { Destination } from './environment.ts'
import type { ExportRequests } from './export-requests.ts'

/** Longest time that an ending process waits. Milliseconds. */
const EXIT_TIMEOUT_MS = 2_000

/** Runs in a process of its own: reads what to post from its input. No secret is in its arguments. */
const POST_ALL = `
let text = ''
process.stdin.on('data', (chunk) => { text += chunk }).on('end', () => {
  const { requests, timeoutMs } = JSON.parse(text)
  const signal = AbortSignal.timeout(timeoutMs)
  const post = ({ url, headers, body }) => fetch(url, { method: 'POST', headers, body: Buffer.from(body, 'base64'), signal })
  Promise.allSettled(requests.map(post)).then(() => process.exit())
})`

/** What an ending process still has to send. */
export interface ExitDelivery {
  readonly destination: Destination
  readonly spans: BatchQueue<ReadableSpan>
  readonly events: BatchQueue<ReadableLogRecord>
  readonly requests: ExportRequests
}

/**
 * Sends what waits while the process exits. Nothing asynchronous runs any more then, so a child process does it while this one waits.
 * A batch that was under way is sent again unless it has left this process.
 */
export function deliverAtExit({ destination: { tracesUrl, logsUrl, ...destination }, spans, events, requests: exports }: ExitDelivery): void {
  const spansLeft = remaining(spans, exports.left(tracesUrl))
  const eventsLeft = remaining(events, exports.left(logsUrl))
  const bodies: [url: string, body: Uint8Array | undefined][] = []
  if (spansLeft.length > 0) bodies.push([tracesUrl, ProtobufTraceSerializer.serializeRequest(spansLeft)])
  if (eventsLeft.length > 0) bodies.push([logsUrl, ProtobufLogsSerializer.serializeRequest(eventsLeft)])
  if (bodies.length === 0) return
  const headers = { ...destination.headers, 'content-type': 'application/x-protobuf' }
  const requests = bodies.map(([url, body]) => ({ url, headers, body: Buffer.from(body ?? []).toString('base64') }))
  spawnSync(process.execPath, ['-e', POST_ALL], {
    input: JSON.stringify({ requests, timeoutMs: EXIT_TIMEOUT_MS }),
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: 2 * EXIT_TIMEOUT_MS,
  })
}

function remaining<T>(queue: BatchQueue<T>, underWayHasLeft: boolean): T[] {
  const { underWay, waiting } = queue.takeAll()
  return underWayHasLeft ? [...waiting] : [...underWay, ...waiting]
}
