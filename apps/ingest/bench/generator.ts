import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** What a load was answered. */
export interface LoadResult {
  /** Requests answered 200. */
  readonly acknowledged: number
  /** Answers that asked to come again. */
  readonly refused: number
  readonly seconds: number
  /** From the time a request was due to its acknowledgement, milliseconds, ascending. */
  readonly latenciesMs: readonly number[]
}

export interface LoadOptions {
  readonly url: string
  /** One for each sender, in turn. */
  readonly keys: readonly string[]
  readonly bodies: readonly Uint8Array[]
  readonly connections: number
  readonly seconds: number
  /** Requests a second; as many as are answered when absent. */
  readonly rate?: number
}

/** Senders that repeat what is refused, at a given rate or as fast as they are answered. */
export async function sendLoad({ url, keys, bodies, connections, seconds, rate }: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latenciesMs: number[] = []
  let refused = 0
  let sent = 0
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000

  async function sender(index: number): Promise<void> {
    for (;;) {
      const number = sent++
      const dueAt = rate === undefined ? performance.now() : startedAt + (number * 1000) / rate
      if (dueAt >= endsAt) return
      if (dueAt > performance.now()) await delay(dueAt - performance.now())
      for (;;) {
        const status = await post(agent, url, keys[index % keys.length]!, bodies[number % bodies.length]!)
        if (status === 200) break
        if (status !== 429 && status !== 503) throw new Error(`ingest answered ${status}`)
        refused++
        await delay(100)
      }
      latenciesMs.push(performance.now() - dueAt)
    }
  }

  await Promise.all(Array.from({ length: connections }, (_, index) => sender(index)))
  agent.destroy()
  return { acknowledged: latenciesMs.length, refused, seconds: (performance.now() - startedAt) / 1000, latenciesMs: latenciesMs.toSorted((a, b) => a - b) }
}

function post(agent: Agent, url: string, key: string, body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length, 'x-api-key': key }
    const sending = request(`${url}/v1/traces`, { method: 'POST', agent, headers }, (response) => response.resume().once('end', () => resolve(response.statusCode ?? 0)))
    sending.once('error', reject)
    sending.end(body)
  })
}
