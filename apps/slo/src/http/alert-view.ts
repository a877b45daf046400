import { z } from 'zod'
import type { OpenAlert } from '../alert/alert-book.ts'
import { alertKinds, differenceSchema, deploySchema, linksSchema } from '../alert/alert.ts'
import { severities } from '../burn/tier-catalog.ts'

/** An alert as the API shows it. */
export const alertViewSchema = z.object({
  alertId: z.string(),
  kind: z.enum(alertKinds),
  summary: z.string(),
  slo: z.string(),
  objective: z.string(),
  service: z.string(),
  severity: z.enum(severities),
  tier: z.string(),
  state: z.enum(['firing', 'resolving']).describe('resolving until everybody who is to know that it ended has been told'),
  startedAt: z.iso.datetime(),
  delivered: z.boolean().describe('whether everybody who is to know of its last transition has been told'),
  acknowledgedBy: z.string().nullable(),
  silencedBy: z.string().nullable().describe('comment of the silence that covers it'),
  exampleTraceIds: z.array(z.string()).readonly(),
  differences: z.array(differenceSchema).readonly(),
  deploys: z.array(deploySchema).readonly(),
  links: linksSchema,
  runbookUrl: z.string().nullable(),
})
export type AlertView = Readonly<z.infer<typeof alertViewSchema>>

/** An open alert as JSON. */
export function alertView({ alert, state, firing, delivered, acknowledgedBy, silencedBy }: OpenAlert): AlertView {
  const { summary, slo, service, exampleTraceIds, differences, deploys, links, runbookUrl } = firing.data
  return {
    alertId: alert.id,
    kind: alert.kind,
    summary,
    slo,
    objective: alert.objective,
    service,
    severity: alert.severity,
    tier: alert.tier,
    state,
    startedAt: new Date(alert.startedAtMs).toISOString(),
    delivered,
    acknowledgedBy: acknowledgedBy ?? null,
    silencedBy: silencedBy ?? null,
    exampleTraceIds,
    differences,
    deploys,
    links,
    runbookUrl,
  }
}
