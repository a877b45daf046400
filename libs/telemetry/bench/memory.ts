import { startTelemetry, unitOfWork } from '../src/index.ts'

// `node memory.ts <units> <endpoint>`: heap in use after the first tenth of the units and after all of them, in bytes.
const units = Number(process.argv[2])
const telemetry = startTelemetry({ service: 'memory', endpoint: process.argv[3]!, shutdownTimeout: 100 })

async function run(count: number): Promise<number> {
  for (let unit = 0; unit < count; unit++) {
    unitOfWork('job', (work) => work.set('job.id', unit))
    if (unit % 500 === 499) await new Promise((resolve) => setImmediate(resolve))
  }
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}

const early = await run(units / 10)
const late = await run((units * 9) / 10)
await telemetry.shutdown()
process.send!({ early, late })
process.disconnect()
