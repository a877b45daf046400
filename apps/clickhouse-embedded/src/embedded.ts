import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createHttpServer, diskSpaceCheck, listen, ServiceError, type ServiceContext } from '@ballast/service'
import type { EmbeddedConfig } from './config.ts'
import { Engine } from './engine/engine.ts'
import { Spool } from './insert/spool.ts'
import { QueryHandler } from './query-handler.ts'
import { queryMetrics } from './query-metrics.ts'
import { stepBack } from './step-back.ts'

/** Time a client has to send a whole insert, milliseconds. */
const REQUEST_TIMEOUT_MS = 600_000
/** How often connections that have become idle are closed during the shutdown, milliseconds. */
const IDLE_SWEEP_MS = 50

/** Starts the engine and its HTTP interface. */
export async function startEmbedded(context: ServiceContext<EmbeddedConfig>): Promise<void> {
  const { config, log, health, metrics, lifecycle } = context
  if (!isLoopback(config.host) && config.password === '') {
    throw new ServiceError(
      'SETTING_INVALID',
      `CLICKHOUSE_EMBEDDED_HOST is ${config.host}, which others can reach; set CLICKHOUSE_EMBEDDED_PASSWORD, or listen on 127.0.0.1.`,
    )
  }
  const dataDir = resolve(config.dataDir)
  if (/[*?{}]/.test(dataDir)) {
    throw new ServiceError('SETTING_INVALID', `CLICKHOUSE_EMBEDDED_DATA_DIR is ${dataDir}; the engine would read *, ?, { and } in it as a pattern; choose a path without them.`)
  }
  stepBack(config.nice)
  await mkdir(dataDir, { recursive: true })
  const engine = await Engine.open({ ...config, dataDir })
  lifecycle.onShutdown('engine', () => engine.close())
  const spool = await Spool.open(join(dataDir, 'spool'), config.maxSpoolBytes)
  health.check('engine', () => engine.ping())
  health.check('disk', diskSpaceCheck(dataDir, config.minFreeDiskBytes))

  let stopping = false
  const handler = new QueryHandler({ config, engine, spool, metrics: queryMetrics(engine, spool), log, isStopping: () => stopping })
  const server = createHttpServer({ log, health, metrics, bodyLimitBytes: Number.MAX_SAFE_INTEGER, requestTimeoutMs: REQUEST_TIMEOUT_MS })
  server.removeAllContentTypeParsers()
  // The handler reads bodies itself: they may be large, and rows go to a file.
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  const ok = async (): Promise<string> => 'Ok.\n'
  server.get('/ping', ok)
  server.get('/replicas_status', ok)
  server.route({
    method: ['GET', 'POST'],
    url: '/',
    handler: (request, reply) => {
      if (request.method !== 'POST' && !new URL(request.url, 'http://embedded').searchParams.has('query')) return reply.send('Ok.\n')
      reply.hijack()
      void handler.handle(request.raw, reply.raw)
      return reply
    },
  })
  lifecycle.onShutdown('http', async () => {
    stopping = true
    const closed = server.close()
    await engine.drain(config.drainTimeoutMs)
    // An answer whose headers went out before this moment promised keep-alive; its connection is idle when it ends.
    const sweep = setInterval(() => server.server.closeIdleConnections(), IDLE_SWEEP_MS)
    await closed.finally(() => clearInterval(sweep))
  })
  const port = await listen(server, { host: config.host, port: config.port, variable: 'CLICKHOUSE_EMBEDDED_PORT' })
  log.info({ host: config.host, port, dataDir, version: engine.facts.version }, 'listening')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
