import { once } from 'node:events'
import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { metrics as metricsApi } from '@opentelemetry/api'
import { expect, test, vi } from 'vitest'
import { startMetrics } from '../src/index.ts'
import { observeRuntime } from '../src/runtime-metrics.ts'

test('metrics are sent over OTLP as well as read, with who sends them', async () => {
  const bodies: Buffer[] = []
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      bodies.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address() as { port: number }
  const metrics = startMetrics('demo', { url: `http://127.0.0.1:${port}/v1/metrics`, intervalMs: 500 })
  try {
    metricsApi.getMeter('test').createCounter('demo.requests').add(3)
    await vi.waitFor(() => expect(bodies.length).toBeGreaterThan(0), { timeout: 10_000, interval: 20 })
    for (const text of ['demo.requests', 'service.name', 'host.name', 'process.pid']) expect(bodies[0]!.includes(text)).toBe(true)
    expect(await metrics.text()).toContain('demo_requests_total{')
  } finally {
    await metrics.shutdown()
    receiver.closeAllConnections()
    receiver.close()
  }
})

test('a receiver that is away does not hold up the end', async () => {
  const metrics = startMetrics('demo', { url: 'http://127.0.0.1:9/v1/metrics', intervalMs: 60_000 })
  metricsApi.getMeter('test').createCounter('demo.requests').add(1)
  await expect(Promise.race([metrics.shutdown().then(() => 'ended'), new Promise((resolve) => setTimeout(resolve, 5_000, 'hangs'))])).resolves.toBe('ended')
})

test('a process says how its event loop, memory and processor do', async () => {
  const metrics = startMetrics('demo')
  const stop = observeRuntime()
  try {
    const text = await metrics.text()
    const value = (name: string): number => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.e+-]+)`, 'm').exec(text)?.[1])
    expect(value('process_memory_usage')).toBeGreaterThan(1e7)
    expect(value('v8js_memory_heap_used')).toBeLessThan(value('v8js_memory_heap_limit'))
    expect(value('nodejs_eventloop_utilization')).toBeLessThanOrEqual(1)
    expect(value('nodejs_eventloop_delay_p99')).toBeGreaterThanOrEqual(0)
    expect(value('nodejs_active_resources')).toBeGreaterThanOrEqual(0)
    expect(text).toMatch(/process_cpu_time_total\{.*cpu_mode="user".*\} \d/)
  } finally {
    stop()
    await metrics.shutdown()
  }
})
