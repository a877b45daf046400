import type { createHttpServer } from '@ballast/service'
import type { AlertNotice, Proof } from '../alert/alert.ts'
import { SloError } from '../errors.ts'
import { alertView } from '../http/alert-view.ts'
import { groupViews } from '../http/group-view.ts'
import { headlinesOf } from '../http/headlines.ts'
import { objectiveHistory } from '../http/objective-history.ts'
import { objectiveViews } from '../http/objective-view.ts'
import { type ApiParts, findObjective } from '../http/routes.ts'
import type { Objective } from '../objective/objective.ts'
import type { TraceSpan } from '../proof/trace-reader.ts'
import { timeText } from './format.ts'
import { icon, layout, type Page } from './layout.ts'
import { listPage, listQuery } from './list-page.ts'
import { objectivePage } from './objective-page.ts'
import { servicePage } from './service-page.ts'
import { style } from './style.ts'
import { tracePage } from './trace-page.ts'

/** What the pages read, beside what the API reads. */
export interface ConsoleParts extends Pick<ApiParts, 'engine' | 'alerts' | 'caches' | 'history'> {
  readonly proofs: { read(objective: Objective, windowMs: number): Promise<Proof> }
  /** The last transitions of an objective, newest first. */
  readonly past: (objective: string) => Promise<readonly AlertNotice[]>
  readonly traces: { read(id: string): Promise<readonly TraceSpan[]> }
}

/** Nothing runs in a page and nothing is loaded from elsewhere. */
const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
/** What differs is looked for in the shortest window that is at least this long: enough events to compare, and recent ones. Milliseconds. */
const PROOF_WINDOW_MS = 30 * 60_000

/** Adds the console's pages to a server. All of them only read. */
export function addConsole(server: ReturnType<typeof createHttpServer>, { engine, alerts, caches, history, proofs, past, traces }: ConsoleParts): void {
  const views = (): ReturnType<typeof objectiveViews> => objectiveViews(engine.state, alerts)
  const page = (reply: Reply, content: Omit<Page, 'measured'>): unknown => {
    const { measuredAtMs } = engine.state
    const measured = measuredAtMs === undefined ? 'Not measured yet.' : `Measured at ${timeText(measuredAtMs)}.`
    return reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY).header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer').send(layout({ ...content, measured }).text)
  }
  server.get('/console.css', (_request, reply) => reply.type('text/css; charset=utf-8').header('cache-control', 'max-age=300').send(style))
  server.get('/icon.svg', (_request, reply) => reply.type('image/svg+xml').header('cache-control', 'max-age=86400').send(icon))
  server.get<{ Querystring: Record<string, unknown> }>('/', async ({ query }, reply) => {
    const cache = await caches.read().catch(() => undefined)
    const objectives = views()
    const { set, failure } = engine.state
    return page(reply, { title: 'Objectives', body: listPage({ headlines: headlinesOf(objectives), cacheHitRatio: cache?.hitRatio ?? null, objectives, problems: set?.problems ?? [], failure, query: listQuery(query) }) })
  })
  server.get<{ Params: { name: string } }>('/objectives/:name', async ({ params }, reply) => {
    const objective = findObjective(engine, params.name)
    const view = views().find(({ name }) => name === objective.name)!
    const window = objective.tiers.flatMap((tier) => [tier.short, tier.long]).toSorted((a, b) => a.ms - b.ms).find(({ ms }) => ms >= PROOF_WINDOW_MS) ?? objective.period
    const [proof, transitions, steps] = await Promise.all([proofs.read(objective, window.ms).catch(() => undefined), past(objective.name).catch(() => undefined), objectiveHistory(objective, engine.state, history)])
    const groups = groupViews(engine.state.set?.objectives ?? [], views(), objective.name)
    const mine = alerts.open().filter(({ alert }) => alert.objective === objective.name).map(alertView)
    return page(reply, { title: view.objective ?? view.name, body: objectivePage({ objective, view, history: steps, groups, alerts: mine, past: transitions, proof, proofWindow: window.text }) })
  })
  server.get<{ Params: { service: string } }>('/services/:service', ({ params: { service } }, reply) => {
    const objectives = views().filter((view) => view.service === service)
    if (objectives.length === 0) throw new SloError('OBJECTIVE_NOT_FOUND', 'no objective is about this service.', { statusCode: 404 })
    return page(reply, { title: service, body: servicePage({ service, objectives, alerts: alerts.open().map(alertView).filter((alert) => alert.service === service) }) })
  })
  server.get<{ Params: { id: string } }>('/traces/:id', async ({ params: { id } }, reply) => {
    const spans = /^[0-9a-f]{1,64}$/i.test(id) ? await traces.read(id) : []
    if (spans.length === 0) throw new SloError('TRACE_NOT_FOUND', 'no span of this trace is stored, or not any more.', { statusCode: 404 })
    return page(reply, { title: `Trace ${id.slice(0, 8)}`, body: tracePage(id, spans) })
  })
}

interface Reply {
  type(type: string): Reply
  header(name: string, value: string): Reply
  send(body: string): unknown
}
