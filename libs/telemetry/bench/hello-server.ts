import type { FastifyInstance } from 'fastify'

/** What is measured. */
export type Subject = 'fastify alone' | 'OpenTelemetry HTTP instrumentation' | '@ballast/telemetry' | 'both'

// `node hello-server.ts <subject> <OTLP endpoint>`: a Fastify server that says hello, driven by messages from the benchmark.
const [subject, endpoint] = process.argv.slice(2) as [Subject, string]
/** The same for both: nothing may be dropped while the load is on. */
const QUEUE = { size: 65_536, batch: 512, delayMs: 1_000 } as const

const flush = subject === 'fastify alone' ? async () => {} : subject === '@ballast/telemetry' ? await ours(false) : await theirs(subject === 'both')

// Only now: the instrumentation has to see `http` being loaded.
const { fastify } = await import('fastify')
const server: FastifyInstance = fastify()
if (subject === '@ballast/telemetry' || subject === 'both') {
  const { telemetryPlugin } = await import('../src/fastify.ts')
  await server.register(telemetryPlugin)
}
let served = 0
server.server.on('request', () => served++)
server.get('/hello', () => ({ hello: 'world' }))
await server.listen({ port: 0, host: '127.0.0.1' })

process.on('message', (question: 'usage' | 'flush') => void answer(question))
process.once('disconnect', () => process.exit())
process.send!({ port: (server.server.address() as { port: number }).port })

async function answer(question: 'usage' | 'flush'): Promise<void> {
  if (question === 'flush') await flush()
  const { user, system } = process.cpuUsage()
  process.send!({ served, cpuMicros: user + system })
}

async function ours(instrumented: boolean): Promise<() => Promise<void>> {
  const { startTelemetry } = await import('../src/index.ts')
  const telemetry = startTelemetry({ service: 'hello', endpoint, maxQueueSize: QUEUE.size, maxBatchSize: QUEUE.batch, exportDelay: QUEUE.delayMs, fetch: instrumented })
  return () => telemetry.flush()
}

/** OpenTelemetry's SDK as its documentation sets it up; with our plugin beside it when `events` go through it as well. */
async function theirs(events: boolean): Promise<() => Promise<void>> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node')
  const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http')
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace')
  const { BatchLogRecordProcessor } = await import('@opentelemetry/sdk-logs')
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto')
  const batch = { maxQueueSize: QUEUE.size, maxExportBatchSize: QUEUE.batch, scheduledDelayMillis: QUEUE.delayMs }
  const spans = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }), ...batch })
  const logs = new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${endpoint}/v1/logs` }), ...batch })
  const sdk = new NodeSDK({ serviceName: 'hello', spanProcessors: [spans], logRecordProcessors: events ? [logs] : [], metricReaders: [], instrumentations: [new HttpInstrumentation()] })
  sdk.start()
  return async () => void (await Promise.all([spans.forceFlush(), logs.forceFlush()]))
}
