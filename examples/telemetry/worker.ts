// A plain script: no server, no framework. Every job leaves one trace and one event; the script just ends when it is done.
//
//   node --conditions=@ballast/source examples/telemetry/worker.ts 100
import { startTelemetry, unitOfWork } from '@ballast/telemetry'

startTelemetry({ service: 'example-worker', env: process.env })

const jobs = Number(process.argv[2] ?? 10)
for (let id = 1; id <= jobs; id++) {
  try {
    await unitOfWork('invoice.send', { kind: 'consumer' }, async (work) => {
      work.set('invoice.id', id)
      const lines = await work.time('db', () => readLines(id))
      work.add('invoice.lines', lines)
    })
  } catch {
    // Its event says what happened; the next invoice is sent all the same.
  }
}
process.stdout.write(`${jobs} jobs done\n`)

async function readLines(id: number): Promise<number> {
  if (id % 10 === 0) throw new RangeError(`invoice ${id} has no lines`)
  return (id % 7) + 1
}
