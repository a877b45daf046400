import { z } from 'zod'

const time = z.iso.datetime()

/** What the charts of an objective are drawn from. */
export const objectiveHistorySchema = z.object({
  from: time,
  to: time,
  stepMs: z.number().describe('length of a step, milliseconds'),
  points: z
    .array(
      z.object({
        at: time.describe('end of the step'),
        good: z.number(),
        total: z.number(),
        budgetRemaining: z.number().nullable().describe('of the period, by the events up to then; null without events'),
      }),
    )
    .readonly(),
  coverage: z.number().describe('share of the steps in which there were events'),
})
export type ObjectiveHistory = Readonly<z.infer<typeof objectiveHistorySchema>>
