import { request, Agent } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

/** What the sender is told. */
export interface NoisySenderOptions {
  readonly url: string
  readonly key: string
  readonly body: string
  readonly perSecond: number
}

/** From the parent. */
export type NoisySenderCommand = 'start' | 'stop'

const MAX_UNDERWAY = 50

// In a thread of its own, so that what it does delays nothing of the one that measures. Between `start` and `stop` it sends evenly; then it tells how often each status came.
const { url, key, body, perSecond } = workerData as NoisySenderOptions
const agent = new Agent({ keepAlive: true })
let answers: Record<number, number> = {}
let underway = 0
let sending: NodeJS.Timeout | undefined

function send(): void {
  underway++
  const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'x-api-key': key } }, (answer) => {
    answers[answer.statusCode!] = (answers[answer.statusCode!] ?? 0) + 1
    answer.resume()
    answer.on('end', () => underway--)
  })
  call.end(body)
}

function start(): void {
  const startedAt = performance.now()
  let sent = 0
  sending = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond)
    for (; sent < due && underway < MAX_UNDERWAY; sent++) send()
  }, 5)
}

function stop(): void {
  clearInterval(sending)
  const done = setInterval(() => {
    if (underway > 0) return
    clearInterval(done)
    parentPort!.postMessage(answers)
    answers = {}
  }, 5)
}

parentPort!.on('message', (command: NoisySenderCommand) => (command === 'start' ? start() : stop()))
parentPort!.postMessage('ready')
