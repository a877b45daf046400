import { request, Agent } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

/** What the sender is told. */
export interface NoisySenderOptions {
  readonly url: string
  readonly key: string
  readonly body: string
  readonly perSecond: number
}

const MAX_UNDERWAY = 50

// In a thread of its own, so that what it does delays nothing of the one that measures. Sends evenly until it hears from its parent; answers with how often each status came.
const { url, key, body, perSecond } = workerData as NoisySenderOptions
const agent = new Agent({ keepAlive: true })
const answers: Record<number, number> = {}
const startedAt = performance.now()
let sent = 0
let underway = 0
const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond)
  for (; sent < due && underway < MAX_UNDERWAY; sent++) {
    underway++
    const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'x-api-key': key } }, (answer) => {
      answers[answer.statusCode!] = (answers[answer.statusCode!] ?? 0) + 1
      answer.resume()
      answer.on('end', () => underway--)
    })
    call.end(body)
  }
}, 5)
parentPort!.once('message', () => {
  clearInterval(timer)
  const done = setInterval(() => {
    if (underway > 0) return
    clearInterval(done)
    agent.destroy()
    parentPort!.postMessage(answers)
  }, 5)
})
