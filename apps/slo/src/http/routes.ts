import type { createHttpServer } from '@ballast/service'
import type { AlertBook } from '../alert/alert-book.ts'
import type { CacheHits, CacheHitsReader } from '../clickhouse/cache-hits.ts'
import type { Engine } from '../engine.ts'
import { SloError } from '../errors.ts'
import { consolePage } from './console-page.ts'
import { headlinesOf } from './headlines.ts'
import { alertView, objectiveViews } from './objective-view.ts'

type HttpServer = ReturnType<typeof createHttpServer>

/** Adds the API and the console to a server. All of it only reads. */
export function addRoutes(server: HttpServer, engine: Pick<Engine, 'state'>, alerts: Pick<AlertBook, 'open'>, caches: Pick<CacheHitsReader, 'read'>): void {
  // Objectives are shown whether the caches can be read or not; why they cannot is what /readyz says.
  const cacheHits = (): Promise<CacheHits | null> => caches.read().catch(() => null)
  server.get('/api/v1/objectives', () => {
    const { measuredAtMs, watermarkMs, failure } = engine.state
    return { objectives: objectiveViews(engine.state, alerts), measuredAt: isoTime(measuredAtMs), watermark: isoTime(watermarkMs), failure: failure ?? null }
  })
  server.get<{ Params: { name: string } }>('/api/v1/objectives/:name', ({ params }) => {
    const views = objectiveViews(engine.state, alerts)
    const view = views.find(({ name }) => name === params.name)
    if (view !== undefined) return view
    throw new SloError('OBJECTIVE_NOT_FOUND', `no objective has this name; the names are: ${views.map(({ name }) => name).join(', ') || 'none'}`, { statusCode: 404 })
  })
  server.get('/api/v1/alerts', () => ({ alerts: alerts.open().map(alertView) }))
  server.get('/api/v1/problems', () => ({ problems: engine.state.set?.problems ?? [] }))
  server.get('/api/v1/headlines', async () => {
    const cache = await cacheHits()
    return { ...headlinesOf(objectiveViews(engine.state, alerts)), cache: cache && { from: isoTime(cache.fromMs), to: isoTime(cache.toMs), reads: cache.reads, hitRatio: cache.hitRatio } }
  })
  server.get('/', async (_request, reply) => {
    const cache = await cacheHits()
    const { set, measuredAtMs, failure } = engine.state
    const objectives = objectiveViews(engine.state, alerts)
    const page = consolePage({ headlines: headlinesOf(objectives), cacheHitRatio: cache?.hitRatio ?? null, objectives, problems: set?.problems ?? [], measuredAtMs, failure })
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      .header('x-content-type-options', 'nosniff')
      .send(page)
  })
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
