import { randomUUID } from 'node:crypto'
import type { createHttpServer } from '@ballast/service'
import { z } from 'zod'
import type { AlertBook } from '../alert/alert-book.ts'
import { matcherSchema } from '../alert/matcher.ts'
import type { Silence } from '../alert/silence.ts'
import { SloError } from '../errors.ts'
import type { AlertStore } from '../outbox/alert-store.ts'
import { checkWriteAccess, type WriteRequest } from './write-access.ts'

/** The body of an acknowledgement. */
export const acknowledgeSchema = z.strictObject({ by: z.string().min(1).max(200), comment: z.string().max(1000).default('') })

/** The body of a silence, as Alertmanager has it. */
export const silenceRequestSchema = z
  .strictObject({
    matchers: z.array(matcherSchema).min(1).max(20),
    startsAt: z.iso.datetime({ offset: true }).optional().describe('now when left out'),
    endsAt: z.iso.datetime({ offset: true }),
    createdBy: z.string().min(1).max(200),
    comment: z.string().min(1).max(1000),
  })
  .refine(({ startsAt, endsAt }) => startsAt === undefined || startsAt < endsAt, { path: ['endsAt'], message: 'is not after startsAt' })

/** A silence as the API shows it. */
export const silenceViewSchema = z.object({ id: z.string(), matchers: z.array(matcherSchema).readonly(), startsAt: z.iso.datetime(), endsAt: z.iso.datetime(), createdBy: z.string(), comment: z.string(), state: z.enum(['pending', 'active', 'expired']) })

/** Adds what people say about alerts: acknowledgements and silences. */
export function addRemarkRoutes(server: ReturnType<typeof createHttpServer>, { book, store, token, now = Date.now }: { readonly book: Pick<AlertBook, 'open'>; readonly store: AlertStore; readonly token: string; readonly now?: () => number }): void {
  server.post<{ Params: { id: string } }>('/api/v1/alerts/:id/acknowledgement', async (request) => {
    checkWriteAccess(token, request as WriteRequest)
    const { by, comment } = read(acknowledgeSchema, request.body)
    const { id } = request.params
    if (!book.open().some(({ alert }) => alert.id === id)) throw new SloError('ALERT_NOT_FOUND', 'no alert that is not over has this id; GET /api/v1/alerts shows them.', { statusCode: 404 })
    await available(store.acknowledge(id, { by, comment, atMs: now() }))
    return { alertId: id, acknowledgedBy: by }
  })
  server.get('/api/v1/silences', async () => {
    const { silences } = await available(store.remarks())
    return { silences: [...silences.values()].toSorted((a, b) => b.endsAtMs - a.endsAtMs).map((silence) => silenceView(silence, now())) }
  })
  server.post('/api/v1/silences', async (request, reply) => {
    checkWriteAccess(token, request as WriteRequest)
    const { matchers, startsAt, endsAt, createdBy, comment } = read(silenceRequestSchema, request.body)
    const silence: Silence = { id: randomUUID(), matchers, startsAtMs: startsAt === undefined ? now() : Date.parse(startsAt), endsAtMs: Date.parse(endsAt), createdBy, comment }
    if (silence.endsAtMs <= now()) throw new SloError('REQUEST_INVALID', 'endsAt: lies in the past.', { statusCode: 400 })
    await available(store.silence(silence))
    return reply.code(201).send(silenceView(silence, now()))
  })
  server.delete<{ Params: { id: string } }>('/api/v1/silences/:id', async (request) => {
    checkWriteAccess(token, request as WriteRequest)
    const silence = (await available(store.remarks())).silences.get(request.params.id)
    if (silence === undefined) throw new SloError('SILENCE_NOT_FOUND', 'no silence has this id; GET /api/v1/silences shows them.', { statusCode: 404 })
    const ended = { ...silence, endsAtMs: Math.min(silence.endsAtMs, now()) }
    await available(store.silence(ended))
    return silenceView(ended, now())
  })
}

/** What the store answers. @throws SloError STORE_AWAY instead of what a client of Redis throws */
export async function available<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new SloError('STORE_AWAY', 'Redis does not answer; try again when it does.', { cause: error, statusCode: 503 })
  }
}

function silenceView({ id, matchers, startsAtMs, endsAtMs, createdBy, comment }: Silence, nowMs: number): z.infer<typeof silenceViewSchema> {
  const state = nowMs >= endsAtMs ? 'expired' : nowMs >= startsAtMs ? 'active' : 'pending'
  return { id, matchers, startsAt: new Date(startsAtMs).toISOString(), endsAt: new Date(endsAtMs).toISOString(), createdBy, comment, state }
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new SloError('REQUEST_INVALID', `${result.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`).join('; ')}.`, { statusCode: 400 })
}
