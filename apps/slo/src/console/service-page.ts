import type { AlertView } from '../http/alert-view.ts'
import type { ObjectiveView } from '../http/objective-view.ts'
import { conditionBadge, conditionOf, conditions } from './figures.ts'
import { timeText } from './format.ts'
import { type Html, html } from './html.ts'
import { table } from './list-page.ts'

/** What a service's page shows. */
export interface ServiceContent {
  readonly service: string
  readonly objectives: readonly ObjectiveView[]
  readonly alerts: readonly AlertView[]
}

/** The status of one service, for those who use it: is it well, since when not, and what is promised. */
export function servicePage({ service, objectives, alerts }: ServiceContent): Html {
  const worst = conditions.find((condition) => objectives.some((view) => conditionOf(view) === condition)) ?? 'no data'
  const words = { page: 'Users are hurt now.', ticket: 'The error budget burns.', exhausted: 'The error budget is spent.', 'at risk': 'Little of the error budget is left.', 'no data': 'Nothing is known of some of it.', healthy: 'All is well.' }
  return html`<p class="note">Service</p>
<h1>${service} ${conditionBadge(worst)}</h1>
<p>${words[worst]}</p>
${alerts.map(({ summary, startedAt, severity }) => html`<section class="card warning"><h2>${severity === 'page' ? 'Page' : 'Ticket'}: ${summary}</h2><p>since ${timeText(startedAt)}</p></section>`)}
<section class="card" aria-label="Objectives of ${service}">${table(objectives)}</section>`
}
