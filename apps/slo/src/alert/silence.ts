import { z } from 'zod'
import { matcherSchema, matchesAll } from './matcher.ts'

/** Somebody has seen an alert: it is not escalated any more. */
export const acknowledgementSchema = z.object({ by: z.string().min(1).max(200), comment: z.string().max(1000).default(''), atMs: z.number() })
export type Acknowledgement = Readonly<z.infer<typeof acknowledgementSchema>>

/** For a while nobody is told of the alerts that match. They fire, are recorded and are shown nevertheless. */
export const silenceSchema = z.object({
  id: z.string(),
  matchers: z.array(matcherSchema).min(1).max(20).readonly(),
  startsAtMs: z.number(),
  endsAtMs: z.number(),
  createdBy: z.string().min(1).max(200),
  comment: z.string().min(1).max(1000),
})
export type Silence = Readonly<z.infer<typeof silenceSchema>>

/** The silence that holds for these labels now, if one does. */
export function silenceOf(silences: Iterable<Silence>, labels: Readonly<Record<string, string>>, nowMs: number): Silence | undefined {
  for (const silence of silences) {
    if (silence.startsAtMs <= nowMs && nowMs < silence.endsAtMs && matchesAll(silence.matchers, labels)) return silence
  }
  return undefined
}
