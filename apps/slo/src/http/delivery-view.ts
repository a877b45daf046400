import { z } from 'zod'
import type { DeadLetter, Delivery } from '../outbox/delivery.ts'

const base = { id: z.string(), target: z.string(), alertId: z.string(), objective: z.string(), state: z.enum(['firing', 'resolved']), queuedAt: z.iso.datetime(), attempts: z.number() }

/** A delivery that has not arrived, as the API shows it. */
export const deliveryViewSchema = z.object({ ...base, heldBack: z.string().nullable().describe('why it is not sent now; null when it is due or waits for its next attempt'), notBefore: z.iso.datetime() })

/** A delivery that was given up, as the API shows it. */
export const deadLetterViewSchema = z.object({ ...base, reason: z.string(), givenUpAt: z.iso.datetime() })

export function deliveryView(delivery: Delivery, heldBack: string | undefined): z.infer<typeof deliveryViewSchema> {
  return { ...basics(delivery), heldBack: heldBack ?? null, notBefore: new Date(delivery.notBeforeMs).toISOString() }
}

export function deadLetterView({ delivery, reason, atMs }: DeadLetter): z.infer<typeof deadLetterViewSchema> {
  return { ...basics(delivery), reason, givenUpAt: new Date(atMs).toISOString() }
}

function basics({ id, target, notice, queuedAtMs, attempts }: Delivery) {
  return { id, target, alertId: notice.alert.id, objective: notice.alert.objective, state: notice.state, queuedAt: new Date(queuedAtMs).toISOString(), attempts }
}
