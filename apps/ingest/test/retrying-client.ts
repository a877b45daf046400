import { setTimeout as delay } from 'node:timers/promises'

/** Senders that repeat a request until it is acknowledged, as the exporters of OpenTelemetry's SDKs do: the same bytes, with waits. */
export interface RetryingClient {
  /** Trace and span ids, put together, of all spans that were acknowledged. */
  readonly acknowledged: Set<string>
  /** Answers that were neither 200 nor 429 or 503 with a time to come again. */
  readonly wrong: string[]
  /** Answers of 429 and 503. */
  readonly refused: () => number
  /** Attempts without a whole answer. */
  readonly unanswered: () => number
  /** Requests sent more than once. */
  readonly repeated: () => number
  /** Lets each sender finish the request it has. */
  stop(): Promise<void>
}

const RETRYABLE = new Set([429, 503])
const SPANS = 5
/** Names of a sender's spans, by which roll-ups count. */
const NAMES = 20

export interface RetryingClientOptions {
  readonly url: string
  readonly senders: number
  /** Between two requests of a sender, milliseconds. */
  readonly pauseMs: number
}

export function startRetryingClient({ url, senders, pauseMs }: RetryingClientOptions): RetryingClient {
  const acknowledged = new Set<string>()
  const wrong: string[] = []
  let repeated = 0
  let refused = 0
  let unanswered = 0
  let running = true

  async function send(body: string): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      if (attempt === 2) repeated++
      try {
        const answer = await fetch(`${url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(10_000) })
        const text = await answer.text()
        if (answer.status === 200) return true
        if (!RETRYABLE.has(answer.status) || !/^[1-9]\d*$/.test(answer.headers.get('retry-after') ?? '')) {
          wrong.push(`${answer.status} ${text}`)
          return false
        }
        refused++
      } catch {
        // No answer, or half of one: whether it was accepted is unknown, so it goes again.
        unanswered++
      }
      await delay(20 + Math.random() * 80)
    }
  }

  async function run(sender: number): Promise<void> {
    for (let n = 0; running; n++) {
      const at = BigInt(Date.now()) * 1_000_000n
      const traceId = `${sender + 1}`.padStart(4, '0') + `${n}`.padStart(28, '0')
      const spans = Array.from({ length: SPANS }, (_, index) => ({ traceId, spanId: `${index + 1}`.padStart(16, '0'), name: `work ${sender}.${n % NAMES}`, startTimeUnixNano: String(at), endTimeUnixNano: String(at + 9n) }))
      if (await send(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }))) for (const { spanId } of spans) acknowledged.add(traceId + spanId)
      await delay(pauseMs)
    }
  }

  const runs = Array.from({ length: senders }, (_, sender) => run(sender))
  return {
    acknowledged,
    wrong,
    refused: () => refused,
    unanswered: () => unanswered,
    repeated: () => repeated,
    async stop() {
      running = false
      await Promise.all(runs)
    },
  }
}
