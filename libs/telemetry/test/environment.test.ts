import { describe, expect, test } from 'vitest'
import { startTelemetry, type TelemetryOptions, unitOfWork } from '../src/index.ts'
import { resolveDestination } from '../src/sdk/environment.ts'
import { resolveDelivery } from '../src/sdk/options.ts'

describe('the standard variables', () => {
  test('win over the options', () => {
    const env = {
      OTEL_SERVICE_NAME: 'renamed',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example/base/',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://logs.example/in',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=from%20env',
      OTEL_RESOURCE_ATTRIBUTES: 'service.version=9,team=a',
    }
    expect(resolveDestination({ service: 'shop', version: '1', endpoint: 'http://elsewhere', headers: { 'x-api-key': 'option', other: 'kept' }, env })).toEqual({
      disabled: false,
      service: 'renamed',
      tracesUrl: 'https://otlp.example/base/v1/traces',
      logsUrl: 'https://logs.example/in',
      metricsUrl: 'https://otlp.example/base/v1/metrics',
      headers: { 'x-api-key': 'from env', other: 'kept' },
      resource: { 'service.version': '9', team: 'a' },
    })
  })

  test('are not read unless they are given', () => {
    expect(resolveDestination({ service: 'shop' })).toMatchObject({ service: 'shop', tracesUrl: 'http://127.0.0.1:4318/v1/traces', logsUrl: 'http://127.0.0.1:4318/v1/logs', headers: {} })
  })

  test('switch everything off with OTEL_SDK_DISABLED', async () => {
    const first = startTelemetry({ service: 'shop', env: { OTEL_SDK_DISABLED: 'true' } })
    const second = startTelemetry({ service: 'shop', env: { OTEL_SDK_DISABLED: 'TRUE' } })
    expect(unitOfWork('job', (work) => work.recording)).toBe(false)
    await first.shutdown()
    await second.shutdown()
  })
})

describe('an option that is wrong', () => {
  test.each<[string, Partial<TelemetryOptions>]>([
    ['endpoint', { endpoint: 'otlp.example:4318' }],
    ['service', { service: '' }],
    ['exportDelay', { exportDelay: 'soon' }],
    ['shutdownTimeout', { shutdownTimeout: 0 }],
    ['maxQueueSize', { maxQueueSize: 1.5 }],
    ['maxBatchSize', { maxQueueSize: 10, maxBatchSize: 20 }],
    ['sampling.oneIn', { sampling: { oneIn: 0.5 } }],
    ['floods.perSecond', { floods: { perSecond: 0 } }],
    ['heartbeat', { heartbeat: 'often' }],
  ])('stops the start with a sentence about %s', (option, options) => {
    expect(() => startTelemetry({ service: 'shop', ...options })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(option) as string }) as Error)
  })

  test('does not shrink what is right', () => {
    expect(resolveDelivery({ service: 'shop', maxQueueSize: 100, exportDelay: '2s' })).toEqual({ exportDelayMs: 2000, exportTimeoutMs: 10_000, shutdownTimeoutMs: 5000, maxQueueSize: 100, maxBatchSize: 100, heartbeatMs: 60_000, metricIntervalMs: 60_000 })
  })
})
