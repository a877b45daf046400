import { startTelemetry, unitOfWork } from '../../src/index.ts'

// `node ending.ts <how> <jobs>`: does some jobs, leaves one running, and ends in the given way.
const [how, jobs] = [process.argv[2], Number(process.argv[3])]
startTelemetry({ service: `ending-${how}`, env: process.env, exportDelay: '1m' })
for (let job = 0; job < jobs; job++) unitOfWork('job', (work) => work.set('job.id', job))
const running = unitOfWork('long', async (work) => {
  work.set('job.id', 'long')
  await new Promise((resolve) => setImmediate(resolve))
  if (how === 'exit') process.exit(3)
  // Out of the promise, so that nobody can catch it.
  if (how === 'throw') setImmediate(() => { throw new RangeError('out of range') })
  if (how === 'signal') {
    setInterval(() => {}, 1_000)
    process.send!('ready')
  }
  if (how !== 'empty') await new Promise(() => {})
})
await running
