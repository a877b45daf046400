import { z } from 'zod'
import { objectiveHistorySchema } from './history-view.ts'
import { alertViewSchema } from './alert-view.ts'
import { deadLetterViewSchema, deliveryViewSchema } from './delivery-view.ts'
import { groupViewSchema } from './group-view.ts'
import { objectiveViewSchema } from './objective-view.ts'
import { acknowledgeSchema, silenceRequestSchema, silenceViewSchema } from './remark-routes.ts'

const time = z.iso.datetime()
const problem = z.object({ level: z.enum(['error', 'warning']), file: z.string(), line: z.number().optional(), document: z.string().optional(), field: z.string().optional(), value: z.string().optional(), allowed: z.string().optional(), message: z.string() })
const cache = z.object({ from: time, to: time, reads: z.number(), hitRatio: z.number().nullable() })

/** One operation of the API: what it takes and what it answers. */
export interface Operation {
  readonly method: 'get' | 'post' | 'delete'
  /** With parameters in braces. */
  readonly path: string
  readonly summary: string
  readonly body?: z.ZodType
  readonly status?: number
  readonly answer: z.ZodType
}

/** Every operation of the API. */
export const operations: readonly Operation[] = [
  { method: 'get', path: '/api/v1/headlines', summary: 'What the dashboards begin with', answer: z.object({ objectives: z.number(), healthy: z.number(), atRisk: z.number(), exhausted: z.number(), cache: cache.nullable() }) },
  { method: 'get', path: '/api/v1/objectives', summary: 'Every objective with its figures', answer: z.object({ objectives: z.array(objectiveViewSchema), measuredAt: time.nullable(), watermark: time.nullable(), failure: z.string().nullable() }) },
  { method: 'get', path: '/api/v1/objectives/{name}', summary: 'One objective', answer: objectiveViewSchema },
  { method: 'get', path: '/api/v1/objectives/{name}/groups', summary: 'Its groups, those with the most bad events first', answer: z.object({ groups: z.array(groupViewSchema) }) },
  { method: 'get', path: '/api/v1/objectives/{name}/history', summary: 'Events and budget over time', answer: objectiveHistorySchema },
  { method: 'get', path: '/api/v1/alerts', summary: 'Alerts that are not over', answer: z.object({ alerts: z.array(alertViewSchema) }) },
  { method: 'post', path: '/api/v1/alerts/{id}/acknowledgement', summary: 'Somebody has seen an alert: it is not escalated', body: acknowledgeSchema, answer: z.object({ alertId: z.string(), acknowledgedBy: z.string() }) },
  { method: 'get', path: '/api/v1/silences', summary: 'Silences, those that end last first', answer: z.object({ silences: z.array(silenceViewSchema) }) },
  { method: 'post', path: '/api/v1/silences', summary: 'Nobody is told of alerts that match, for a while', body: silenceRequestSchema, status: 201, answer: silenceViewSchema },
  { method: 'delete', path: '/api/v1/silences/{id}', summary: 'Ends a silence now', answer: silenceViewSchema },
  { method: 'get', path: '/api/v1/deliveries', summary: 'What has not arrived, and what was given up', answer: z.object({ leads: z.boolean(), pending: z.array(deliveryViewSchema), dead: z.array(deadLetterViewSchema) }) },
  { method: 'get', path: '/api/v1/problems', summary: 'Problems in the files of objectives', answer: z.object({ problems: z.array(problem) }) },
]

const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** The OpenAPI 3.1 document, made of the schemas by which the tests check every answer. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const { method, path, summary, body, status = 200, answer } of operations) {
    const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        ...(parameters.length > 0 && { parameters }),
        ...(body !== undefined && { requestBody: { required: true, content: content(body, 'input') }, security: [{ token: [] }, {}] }),
        responses: { [status]: { description: summary, content: content(answer, 'output') }, default: { description: 'What went wrong', content: content(failure, 'output') } },
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Ballast SLO', version: '1', description: 'Objectives, budgets and alerts. Reading needs no password; writing needs SLO_API_TOKEN, or to be on the same machine where there is none.' },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

function content(schema: z.ZodType, io: 'input' | 'output'): object {
  return { 'application/json': { schema: z.toJSONSchema(schema, { io, unrepresentable: 'any' }) } }
}
