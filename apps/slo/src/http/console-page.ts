import type { Problem } from '../openslo/problem.ts'
import type { Headlines } from './headlines.ts'
import type { ObjectiveView } from './objective-view.ts'

const STYLE = `
:root { color-scheme: light dark; --ok: #1a7f37; --burning: #cf222e; --quiet: #6e7781; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.status::before { content: '● '; }
.ok { color: var(--ok); } .burning { color: var(--burning); } .no-data { color: var(--quiet); }
.scroll { overflow-x: auto; } footer, .note { color: var(--quiet); }
`

/** What the console shows. */
export interface ConsoleContent {
  readonly headlines: Headlines
  /** Share of cached reads of the last hour that needed no load; `null` without any. */
  readonly cacheHitRatio: number | null
  readonly objectives: readonly ObjectiveView[]
  readonly problems: readonly Problem[]
  readonly measuredAtMs: number | undefined
  /** Why it cannot measure now. */
  readonly failure: string | undefined
}

/** The console: one page, rendered here, without scripts. Everything that comes from a file or a database is escaped. */
export function consolePage({ headlines, cacheHitRatio, objectives, problems, measuredAtMs, failure }: ConsoleContent): string {
  const measured = measuredAtMs === undefined ? 'Not measured yet.' : `Measured at ${new Date(measuredAtMs).toISOString()}.`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="15"><title>Objectives</title><style>${STYLE}</style></head>
<body>
<h1>Objectives</h1>
${failure === undefined ? '' : `<p class="burning" role="alert">Cannot measure: ${escapeHtml(failure)}. The figures are those of the last measurement, and alerts stay as they are.</p>`}
${headline(headlines, cacheHitRatio)}
${objectives.length === 0 ? '<p>There are no objectives. Put OpenSLO files into the folder that <code>SLO_DIR</code> names.</p>' : table(objectives)}
${problems.length === 0 ? '' : `<h2>Problems in the files</h2>\n<ul>${problems.map(({ message }) => `<li>${escapeHtml(message)}</li>`).join('\n')}</ul>`}
<footer><p>${measured} As JSON: <a href="/api/v1/headlines">headlines</a>, <a href="/api/v1/objectives">objectives</a>, <a href="/api/v1/alerts">alerts</a>, <a href="/api/v1/problems">problems</a>.</p></footer>
</body>
</html>
`
}

/** The figures that the dashboards begin with. */
function headline({ objectives, healthy, atRisk, exhausted }: Headlines, cacheHitRatio: number | null): string {
  const figures = [['measured', objectives], ['healthy', healthy], ['at risk', atRisk], ['exhausted', exhausted], ['cache hits, last hour', percent(cacheHitRatio, 1)]]
  return `<p class="headline">${figures.map(([name, figure]) => `${name} <b>${figure}</b>`).join(' · ')}</p>`
}

function table(objectives: readonly ObjectiveView[]): string {
  return `<div class="scroll"><table>
<thead><tr><th>Objective</th><th>Service</th><th>Status</th><th class="number">Target</th><th class="number">Now</th><th class="number">Events</th><th class="number">Budget left</th><th>Burn rate</th></tr></thead>
<tbody>
${objectives.map(row).join('\n')}
</tbody></table></div>`
}

function row(view: ObjectiveView): string {
  const burn = Object.entries(view.burn).map(([window, rate]) => `${window} ${rate === null ? 'no data' : rate.toFixed(2)}`).join(' · ')
  const alert = view.alert === null ? '' : ` <span class="note">${escapeHtml(`${view.alert.severity} since ${view.alert.startedAt}, tier ${view.alert.tier}`)}</span>`
  const runbook = view.alert?.runbookUrl ? ` <a href="${escapeHtml(view.alert.runbookUrl)}">runbook</a>` : ''
  const cells = [
    `<td><a href="/api/v1/objectives/${escapeHtml(encodeURIComponent(view.name))}">${escapeHtml(view.name)}</a>${view.objective === null ? '' : `<br><span class="note">${escapeHtml(view.objective)}</span>`}</td>`,
    `<td>${escapeHtml(view.service)}</td>`,
    `<td><span class="status ${view.status.replace(' ', '-')}">${view.status}</span>${alert}${runbook}</td>`,
    `<td class="number">${escapeHtml(view.targetPercent)} %<br><span class="note">${escapeHtml(view.window)}</span></td>`,
    `<td class="number">${percent(view.sli, 3)}</td>`,
    `<td class="number">${view.good} of ${view.total}</td>`,
    `<td class="number">${percent(view.budgetRemaining, 1)}</td>`,
    `<td>${escapeHtml(burn)}</td>`,
  ]
  return `<tr>${cells.join('')}</tr>`
}

function percent(share: number | null, decimals: number): string {
  return share === null ? 'no data' : `${(share * 100).toFixed(decimals)} %`
}

/** Makes text safe between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')
}
