import type { ObjectiveView } from '../http/objective-view.ts'
import { shareText } from './format.ts'
import { type Html, html } from './html.ts'

/** Below this share of the budget an objective is at risk, as in the headlines. */
const LITTLE_BUDGET = 0.25

/** How an objective does, in the words and colours of the console. Most urgent first. */
export const conditions = ['page', 'ticket', 'exhausted', 'at risk', 'no data', 'healthy'] as const
export type ConditionName = (typeof conditions)[number]

/** The one word for an objective. */
export function conditionOf({ alert, status, budgetRemaining }: Pick<ObjectiveView, 'alert' | 'status' | 'budgetRemaining'>): ConditionName {
  if (alert !== null) return alert.severity
  if (budgetRemaining !== null && budgetRemaining <= 0) return 'exhausted'
  if (status === 'burning' || (budgetRemaining !== null && budgetRemaining < LITTLE_BUDGET)) return 'at risk'
  return status === 'no data' ? 'no data' : 'healthy'
}

const tones: Readonly<Record<ConditionName, string>> = { page: 'bad', ticket: 'warn', exhausted: 'bad', 'at risk': 'warn', 'no data': 'none', healthy: 'ok' }

/** The word, as a badge. */
export function conditionBadge(condition: ConditionName): Html {
  return html`<span class="badge ${tones[condition]}">${condition}</span>`
}

/** The budget that is left, as a bar and in percent. */
export function budgetBar(remaining: number | null): Html {
  const tone = remaining === null ? 'none' : remaining <= 0 ? 'bad' : remaining < LITTLE_BUDGET ? 'warn' : 'ok'
  const width = Math.max(0, Math.min(1, remaining ?? 0)) * 100
  return html`${shareText(remaining, 1)}<svg class="bar" width="96" height="6" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="6" rx="3"/><rect class="fill-${tone}" width="${width.toFixed(1)}" height="6" rx="3"/></svg>`
}

/** A link to an objective. */
export function objectiveLink({ name, objective }: Pick<ObjectiveView, 'name' | 'objective'>): Html {
  return html`<a href="/objectives/${encodeURIComponent(name)}">${objective ?? name}</a>`
}

/** A link to a service. */
export function serviceLink(service: string): Html {
  return html`<a href="/services/${encodeURIComponent(service)}">${service}</a>`
}
