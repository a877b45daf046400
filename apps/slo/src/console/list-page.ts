import type { Headlines } from '../http/headlines.ts'
import type { ObjectiveView } from '../http/objective-view.ts'
import type { Problem } from '../openslo/problem.ts'
import { budgetBar, conditionBadge, conditionOf, conditions, objectiveLink, serviceLink } from './figures.ts'
import { burnText, countText, shareText } from './format.ts'
import { type Html, html } from './html.ts'

/** In what order the list is. */
export const sortOrders = { budget: 'budget left, least first', urgency: 'most urgent first', name: 'name', service: 'service' } as const

/** What a visitor asked for. */
export interface ListQuery {
  readonly text: string
  readonly condition: string
  readonly sort: keyof typeof sortOrders
}

/** What the list shows. */
export interface ListContent {
  readonly headlines: Headlines
  /** Share of cached reads of the last hour that needed no load; `null` without any. */
  readonly cacheHitRatio: number | null
  readonly objectives: readonly ObjectiveView[]
  readonly problems: readonly Problem[]
  /** Why it cannot measure now. */
  readonly failure: string | undefined
  readonly query: ListQuery
}

/** Reads the query of an address; what makes no sense is left out. */
export function listQuery(query: Readonly<Record<string, unknown>>): ListQuery {
  const text = (key: string): string => (typeof query[key] === 'string' ? query[key].slice(0, 100) : '')
  const sort = text('sort')
  return { text: text('q'), condition: conditions.find((one) => one === text('status')) ?? '', sort: sort in sortOrders ? (sort as ListQuery['sort']) : 'budget' }
}

/** The objectives that a visitor asked for, in the order asked for. */
export function listed(objectives: readonly ObjectiveView[], { text, condition, sort }: ListQuery): readonly ObjectiveView[] {
  const wanted = text.toLowerCase()
  const found = objectives.filter((view) => [view.name, view.objective ?? '', view.service].some((word) => word.toLowerCase().includes(wanted)) && (condition === '' || conditionOf(view) === condition))
  const urgency = (view: ObjectiveView): number => conditions.indexOf(conditionOf(view))
  const budget = (view: ObjectiveView): number => view.budgetRemaining ?? Number.POSITIVE_INFINITY
  const orders: Readonly<Record<ListQuery['sort'], (a: ObjectiveView, b: ObjectiveView) => number>> = {
    // Without the comparison two without events would have a difference that is no number.
    budget: (a, b) => (budget(a) === budget(b) ? 0 : budget(a) - budget(b)),
    urgency: (a, b) => urgency(a) - urgency(b),
    name: (a, b) => a.name.localeCompare(b.name),
    service: (a, b) => a.service.localeCompare(b.service),
  }
  return found.toSorted((a, b) => orders[sort](a, b) || a.name.localeCompare(b.name))
}

/** The list of objectives. */
export function listPage({ headlines, cacheHitRatio, objectives, problems, failure, query }: ListContent): Html {
  const shown = listed(objectives, query)
  const tiles = [['healthy', headlines.healthy], ['at risk', headlines.atRisk], ['exhausted', headlines.exhausted], ['measured', headlines.objectives], ['cache hits, last hour', shareText(cacheHitRatio, 1)]] as const
  return html`<h1>Objectives</h1>
${failure !== undefined && html`<p class="card warning" role="alert">Cannot measure: ${failure}. The figures are those of the last measurement, and alerts stay as they are.</p>`}
<ul class="tiles">${tiles.map(([name, figure]) => html`<li><b>${figure}</b>${name}</li>`)}</ul>
${objectives.length === 0 ? html`<p class="card">There are no objectives. Put OpenSLO files into the folder that <code>SLO_DIR</code> names.</p>` : html`${filter(query)}<section class="card" aria-label="Objectives">${shown.length === 0 ? html`<p>No objective matches. <a href="/">Show all</a>.</p>` : table(shown)}</section>`}
${problems.length > 0 && html`<section class="card"><h2>Problems in the files</h2><ul class="plain">${problems.map(({ message }) => html`<li>${message}</li>`)}</ul></section>`}`
}

function filter({ text, condition, sort }: ListQuery): Html {
  const option = (value: string, name: string, chosen: string): Html => html`<option value="${value}"${value === chosen && html` selected`}>${name}</option>`
  return html`<form class="filter" method="get" action="/" role="search">
<label>Name or service <input type="search" name="q" value="${text}"></label>
<label>Status <select name="status">${option('', 'all', condition)}${conditions.map((one) => option(one, one, condition))}</select></label>
<label>Order <select name="sort">${Object.entries(sortOrders).map(([value, name]) => option(value, name, sort))}</select></label>
<button type="submit">Show</button></form>`
}

/** The table of objectives, also of one service. */
export function table(objectives: readonly ObjectiveView[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of objectives"><table>
<thead><tr><th scope="col">Objective</th><th scope="col">Status</th><th scope="col" class="number">Budget left</th><th scope="col" class="number">Now</th><th scope="col" class="number">Target</th><th scope="col" class="number wide">Bad events</th><th scope="col" class="wide">Burn rate</th></tr></thead>
<tbody>${objectives.map(row)}</tbody></table></div>`
}

function row(view: ObjectiveView): Html {
  const [first, ...rest] = Object.entries(view.burn)
  return html`<tr><th scope="row">${objectiveLink(view)}<br><span class="note">${serviceLink(view.service)}</span></th>
<td>${conditionBadge(conditionOf(view))}${view.alert !== null && html`<br><span class="note">${view.alert.tier}</span>`}</td>
<td class="number">${budgetBar(view.budgetRemaining)}</td><td class="number">${shareText(view.sli, 3)}</td>
<td class="number">${view.targetPercent} %<br><span class="note">${view.window}</span></td>
<td class="number wide">${countText(view.bad)}<br><span class="note">of ${countText(view.total)}</span></td>
<td class="wide">${first !== undefined && html`${burnText(first[1])} <span class="note">${first[0]}</span>`}<br><span class="note">${rest.slice(0, 2).map(([window, burn]) => `${burnText(burn)} ${window}`).join(' · ')}</span></td></tr>`
}
