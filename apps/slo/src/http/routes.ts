import type { createHttpServer } from '@ballast/service'
import type { AlertBook } from '../alert/alert-book.ts'
import type { HoldBack } from '../alert/hold-back.ts'
import type { CacheHits, CacheHitsReader } from '../clickhouse/cache-hits.ts'
import type { Engine } from '../engine.ts'
import { SloError } from '../errors.ts'
import type { Objective } from '../objective/objective.ts'
import type { AlertStore } from '../outbox/alert-store.ts'
import type { Ledger } from '../outbox/ledger.ts'
import { alertView } from './alert-view.ts'
import { deadLetterView, deliveryView } from './delivery-view.ts'
import { groupViews } from './group-view.ts'
import { headlinesOf } from './headlines.ts'
import { type CountsHistory, objectiveHistory } from './objective-history.ts'
import { objectiveViews } from './objective-view.ts'
import { openApiDocument } from './open-api.ts'
import { addRemarkRoutes, available } from './remark-routes.ts'

/** What the API reads. */
export interface ApiParts {
  readonly engine: Pick<Engine, 'state'>
  readonly alerts: Pick<AlertBook, 'open' | 'acting'>
  readonly caches: Pick<CacheHitsReader, 'read'>
  readonly history: CountsHistory
  readonly ledger: Pick<Ledger, 'deliveries'>
  readonly holdBack: Pick<HoldBack, 'reason'>
  readonly store: AlertStore
  /** Who sends it may write; empty for whoever is on this machine. */
  readonly token: string
}

/** Adds the API to a server. */
export function addRoutes(server: ReturnType<typeof createHttpServer>, { engine, alerts, caches, history, ledger, holdBack, store, token }: ApiParts): void {
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
    throw objectiveNotFound(views.map(({ name }) => name))
  })
  server.get<{ Params: { name: string } }>('/api/v1/objectives/:name/groups', ({ params }) => ({ groups: groupViews(engine.state.set?.objectives ?? [], objectiveViews(engine.state, alerts), findObjective(engine, params.name).name) }))
  server.get<{ Params: { name: string } }>('/api/v1/objectives/:name/history', ({ params }) => objectiveHistory(findObjective(engine, params.name), engine.state, history))
  server.get('/api/v1/alerts', () => ({ alerts: alerts.open().map(alertView) }))
  server.get('/api/v1/problems', () => ({ problems: engine.state.set?.problems ?? [] }))
  server.get('/api/v1/headlines', async () => {
    const cache = await cacheHits()
    return { ...headlinesOf(objectiveViews(engine.state, alerts)), cache: cache && { from: isoTime(cache.fromMs), to: isoTime(cache.toMs), reads: cache.reads, hitRatio: cache.hitRatio } }
  })
  server.get('/api/v1/deliveries', async () => ({
    leads: alerts.acting,
    pending: [...ledger.deliveries.values()].map((delivery) => deliveryView(delivery, holdBack.reason(delivery, Date.now()))),
    dead: (await available(store.deadLetters())).map(deadLetterView),
  }))
  addRemarkRoutes(server, { book: alerts, store, token })
  const document = openApiDocument()
  server.get('/api/v1/openapi.json', () => document)
}

/** An objective by its name. @throws SloError OBJECTIVE_NOT_FOUND */
export function findObjective(engine: Pick<Engine, 'state'>, name: string): Objective {
  const { set, evaluations } = engine.state
  // Figures and objective belong together: the one that was measured counts.
  const found = evaluations.find(({ objective }) => objective.name === name)?.objective ?? set?.objectives.find((objective) => objective.name === name)
  if (found !== undefined) return found
  throw objectiveNotFound(set?.objectives.map((objective) => objective.name) ?? [])
}

function objectiveNotFound(names: readonly string[]): SloError {
  return new SloError('OBJECTIVE_NOT_FOUND', `no objective has this name; the names are: ${names.join(', ') || 'none'}`, { statusCode: 404 })
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
