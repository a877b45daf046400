import { spawnSync } from 'node:child_process'
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { BatchQueue } from './batch-queue.ts'
import type { Destination } from './environment.ts'

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

/**
 * Sends what waits while the process exits. Nothing asynchronous runs any more then, so a child process does it while this one waits.
 * A batch that was under way is sent again as it was: whether it arrived is not known, and twice is better than never.
 */
export function deliverAtExit(destination: Destination, spans: BatchQueue<ReadableSpan>, events: BatchQueue<ReadableLogRecord>): void {
  const left = { spans: spans.takeAll(), events: events.takeAll() }
  const bodies = [
    ...[left.spans.underWay, left.spans.waiting].filter(hasItems).map((items) => [destination.tracesUrl, ProtobufTraceSerializer.serializeRequest([...items])] as const),
    ...[left.events.underWay, left.events.waiting].filter(hasItems).map((items) => [destination.logsUrl, ProtobufLogsSerializer.serializeRequest([...items])] as const),
  ]
  if (bodies.length === 0) return
  const headers = { ...destination.headers, 'content-type': 'application/x-protobuf' }
  const requests = bodies.map(([url, body]) => ({ url, headers, body: Buffer.from(body ?? []).toString('base64') }))
  spawnSync(process.execPath, ['-e', POST_ALL], {
    input: JSON.stringify({ requests, timeoutMs: EXIT_TIMEOUT_MS }),
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: 2 * EXIT_TIMEOUT_MS,
  })
}

function hasItems(items: readonly unknown[]): boolean {
  return items.length > 0
}
