import { setTimeout as delay } from 'node:timers/promises'

/** Senders that repeat a request until it is acknowledged, as the exporters of OpenTelemetry's SDKs do: the same bytes, with waits. */
export interface RetryingClient {
  /** Names of all spans that were acknowledged. */
  readonly acknowledged: Set<string>
  /** Answers that were neither 200 nor an invitation to come again. */
  readonly wrong: string[]
  /** Requests sent more than once. */
  readonly repeated: () => number
  /** Lets each sender finish the request it has. */
  stop(): Promise<void>
}

const RETRYABLE = new Set([429, 502, 503, 504])
const SPANS = 5

export function startRetryingClient(url: string, senders: number): RetryingClient {
  const acknowledged = new Set<string>()
  const wrong: string[] = []
  let repeated = 0
  let running = true

  async function send(body: string): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      if (attempt === 2) repeated++
      try {
        const answer = await fetch(`${url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(10_000) })
        const text = await answer.text()
        if (answer.status === 200) return true
        if (!RETRYABLE.has(answer.status)) {
          wrong.push(`${answer.status} ${text}`)
          return false
        }
      } catch {
        // No answer, or half of one: whether it was accepted is unknown, so it goes again.
      }
      await delay(20 + Math.random() * 80)
    }
  }

  async function run(sender: number): Promise<void> {
    for (let n = 0; running; n++) {
      const at = BigInt(Date.now()) * 1_000_000n
      const names = Array.from({ length: SPANS }, (_, index) => `${sender}.${n}.${index}`)
      const spans = names.map((name, index) => ({ traceId: `${sender}`.padStart(4, '1') + `${n}`.padStart(28, '0'), spanId: `${index + 1}`.padStart(16, '0'), name, startTimeUnixNano: String(at), endTimeUnixNano: String(at + 9n) }))
      if (await send(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }))) for (const name of names) acknowledged.add(name)
      await delay(2)
    }
  }

  const runs = Array.from({ length: senders }, (_, sender) => run(sender))
  return {
    acknowledged,
    wrong,
    repeated: () => repeated,
    async stop() {
      running = false
      await Promise.all(runs)
    },
  }
}
