import type { AlertNotice, Proof } from '../alert/alert.ts'
import type { AlertView } from '../http/alert-view.ts'
import type { ObjectiveHistory } from '../http/history-view.ts'
import type { ObjectiveView } from '../http/objective-view.ts'
import { durationText } from '../notify/message-text.ts'
import type { Objective } from '../objective/objective.ts'
import { burnDownChart, eventsChart } from './charts.ts'
import { budgetBar, conditionBadge, conditionOf, serviceLink } from './figures.ts'
import { countText, shareText, timeText } from './format.ts'
import { type Html, html } from './html.ts'
import { table } from './list-page.ts'
import { tierTable } from './tier-table.ts'

/** Groups that the page names. */
const TOP_GROUPS = 10

/** What the page of an objective shows. */
export interface ObjectiveContent {
  readonly objective: Objective
  readonly view: ObjectiveView
  readonly history: ObjectiveHistory
  /** Of an objective with one for each group: theirs, the worst first. */
  readonly groups: readonly ObjectiveView[]
  readonly alerts: readonly AlertView[]
  /** Transitions of the past, newest first; `undefined` when they cannot be read. */
  readonly past: readonly AlertNotice[] | undefined
  /** What proves that events are bad now; `undefined` when it cannot be had. */
  readonly proof: Proof | undefined
  /** The window that the proof is about. */
  readonly proofWindow: string
}

/** One objective: how much budget is left, how fast it goes, and why. */
export function objectivePage({ objective, view, history, groups, alerts, past, proof, proofWindow }: ObjectiveContent): Html {
  const tiles = [
    ['budget left', budgetBar(view.budgetRemaining)],
    [`good of the last ${view.window}`, shareText(view.sli, 3)],
    ['target', `${view.targetPercent} %`],
    [`bad of ${countText(view.total)}`, countText(view.bad)],
    ['of the period has events', shareText(history.coverage, 0)],
  ] as const
  return html`<p class="note">${serviceLink(view.service)} / ${view.name}</p>
<h1>${view.objective ?? view.name} ${conditionBadge(conditionOf(view))}</h1>
${view.alert !== null && html`<p>${view.alert.summary}</p>`}
<ul class="tiles">${tiles.map(([name, figure]) => html`<li><b>${figure}</b>${name}</li>`)}</ul>
${alerts.map(openAlert)}
${groups.length > 0 && html`<section class="card"><h2>Groups with the most bad events</h2>${table(groups.slice(0, TOP_GROUPS))}${groups.length > TOP_GROUPS && html`<p class="note">${TOP_GROUPS} of ${groups.length}. <a href="/?q=${encodeURIComponent(`${objective.name}@`)}">All of them</a>.</p>`}</section>`}
<section class="card"><h2>Budget</h2><div class="scroll" tabindex="0" role="region" aria-label="Chart of the budget">${burnDownChart(history)}</div></section>
<section class="card"><h2>Burn rates and their limits</h2>${tierTable(objective.tiers, view.burn)}</section>
<section class="card"><h2>Events</h2><div class="scroll" tabindex="0" role="region" aria-label="Charts of events">${eventsChart(history)}</div></section>
<div class="columns">
<section class="card"><h2>What differs</h2>${proof === undefined ? html`<p class="note">Cannot be read now.</p>` : differs(proof, proofWindow)}</section>
<div>
<section class="card"><h2>Bad traces</h2>${traces(proof, proofWindow)}</section>
<section class="card"><h2>New versions, last day</h2>${deploys(proof)}</section>
</div>
</div>
<section class="card"><h2>Alerts of the past</h2>${past === undefined ? html`<p class="note">Cannot be read now.</p>` : pastAlerts(past)}</section>`
}

function openAlert({ severity, tier, summary, startedAt, state, delivered, acknowledgedBy, silencedBy, links }: AlertView): Html {
  const facts = [`since ${timeText(startedAt)}`, tier, state === 'resolving' ? 'over, people are being told' : delivered ? 'everybody was told' : 'people are being told', acknowledgedBy !== null && `acknowledged by ${acknowledgedBy}`, silencedBy !== null && `silenced: ${silencedBy}`].filter((fact) => fact !== false)
  return html`<section class="card warning"><h2>${severity === 'page' ? 'Page' : 'Ticket'}: ${summary}</h2><p>${facts.join(' · ')}</p>
<p>${[['Runbook', links.runbook], ['Dashboard', links.dashboard]].map(([name, url]) => url !== null && html`<a href="${url}">${name}</a> `)}</p></section>`
}

function differs({ differences }: Proof, window: string): Html {
  if (differences.length === 0) return html`<p class="note">Among the events of the last ${window} nothing sets the bad ones apart, or there are too few.</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label="What differs"><table><thead><tr><th scope="col">Attribute</th><th scope="col" class="number">Of bad</th><th scope="col" class="number">Of good</th><th scope="col" class="number">Lift</th></tr></thead>
<tbody>${differences.map(({ attribute, value, badShare, goodShare, lift }) => html`<tr><th scope="row"><code>${attribute}</code><br><code>${value}</code></th><td class="number">${shareText(badShare, 0)}</td><td class="number">${shareText(goodShare, 0)}</td><td class="number">${lift.toFixed(1)}</td></tr>`)}</tbody></table></div>
<p class="note">Events of the last ${window}. Lift: how much more often a bad event has it than any event.</p>`
}

function traces(proof: Proof | undefined, window: string): Html {
  if (proof === undefined) return html`<p class="note">Cannot be read now.</p>`
  if (proof.exampleTraceIds.length === 0) return html`<p class="note">No bad event of the last ${window} has a trace.</p>`
  return html`<ul class="plain">${proof.exampleTraceIds.map((id) => html`<li><a href="/traces/${encodeURIComponent(id)}"><code>${id}</code></a></li>`)}</ul>`
}

function deploys(proof: Proof | undefined): Html {
  if (proof === undefined) return html`<p class="note">Cannot be read now.</p>`
  if (proof.deploys.length === 0) return html`<p class="note">None.</p>`
  return html`<ul class="plain">${proof.deploys.map(({ service, version, firstSeenAt }) => html`<li>${service} <b>${version}</b> <span class="note">since ${timeText(firstSeenAt)}</span></li>`)}</ul>`
}

function pastAlerts(past: readonly AlertNotice[]): Html {
  if (past.length === 0) return html`<p class="note">None.</p>`
  const took = ({ alert, state, atMs }: AlertNotice): string => (state === 'resolved' ? durationText(Math.max(1000, atMs - alert.startedAtMs)) : '')
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Alerts of the past"><table><thead><tr><th scope="col">When</th><th scope="col">Severity</th><th scope="col">What</th><th scope="col">State</th><th scope="col" class="number">Took</th></tr></thead>
<tbody>${past.map((notice) => html`<tr><td>${timeText(notice.atMs)}</td><td>${notice.alert.severity}</td><td>${notice.alert.tier}</td><td>${notice.state}</td><td class="number">${took(notice)}</td></tr>`)}</tbody></table></div>`
}
