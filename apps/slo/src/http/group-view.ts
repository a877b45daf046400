import { z } from 'zod'
import type { Objective } from '../objective/objective.ts'
import { type ObjectiveView, objectiveViewSchema } from './objective-view.ts'

/** A group of an objective: an objective of its own, and its part in what is wrong. */
export const groupViewSchema = objectiveViewSchema.extend({
  group: z.string().describe('the tenant, operation or value of the attribute'),
  share: z.number().nullable().describe('share of the bad events of all groups; null when there are none'),
})
export type GroupView = Readonly<z.infer<typeof groupViewSchema>>

/** The groups of an objective, those with the most bad events first. */
export function groupViews(objectives: readonly Objective[], views: readonly ObjectiveView[], of: string): GroupView[] {
  const groups = new Map(objectives.flatMap(({ name, group }) => (group?.of === of ? [[name, group.value] as const] : [])))
  const mine = views.filter(({ name }) => groups.has(name))
  const bad = mine.reduce((sum, view) => sum + view.bad, 0)
  return mine.map((view) => ({ ...view, group: groups.get(view.name)!, share: bad === 0 ? null : view.bad / bad })).toSorted((a, b) => b.bad - a.bad || a.name.localeCompare(b.name))
}
