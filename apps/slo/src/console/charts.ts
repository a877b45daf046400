import { scaleLinear, scaleUtc } from 'd3-scale'
import { area, curveMonotoneX, line } from 'd3-shape'
import type { ObjectiveHistory } from '../http/history-view.ts'
import { compactText, shareText } from './format.ts'
import { type Html, html } from './html.ts'

/** Where a chart has its lines, in its own units; the page scales it. */
const box = { width: 760, left: 54, right: 12, top: 12, bottom: 24 } as const
/** A budget that is overspent by more leaves the chart: the rest is to stay readable. */
const LOWEST = -1

interface Axes {
  readonly x: (at: Date) => number
  readonly y: (value: number) => number
  readonly frame: Html
}

/** The budget that was left at each moment, against the line of a budget that is spent evenly. */
export function burnDownChart(history: ObjectiveHistory): Html {
  const points = history.points.flatMap(({ at, budgetRemaining }) => (budgetRemaining === null ? [] : [{ at: new Date(at), left: budgetRemaining }]))
  const start = { at: new Date(history.from), left: 1 }
  const all = points.length === 0 ? [] : [start, ...points]
  const lowest = Math.max(LOWEST, Math.min(0, ...all.map(({ left }) => left)))
  const { x, y, frame } = axes(history, [lowest, 1], 260, (share) => shareText(share, 0))
  const inside = all.map((point) => ({ ...point, left: Math.max(lowest, point.left) }))
  const now = all.at(-1)?.left
  const curve = line<(typeof inside)[number]>((point) => x(point.at), (point) => y(point.left)).curve(curveMonotoneX)(inside) ?? ''
  const filled = area<(typeof inside)[number]>((point) => x(point.at), y(lowest), (point) => y(point.left)).curve(curveMonotoneX)(inside) ?? ''
  const label = now === undefined ? 'Budget over the period: no data' : `Budget over the period: ${shareText(now, 1)} is left`
  return html`<svg class="chart" viewBox="0 0 ${box.width} 260" role="img" aria-label="${label}">${frame}
<line class="zero" x1="${box.left}" x2="${box.width - box.right}" y1="${round(y(0))}" y2="${round(y(0))}"/>
<path class="ideal" d="M${round(x(start.at))},${round(y(1))}L${round(x(new Date(history.to)))},${round(y(0))}"/>
<path class="area" d="${filled}"/><path class="line${now !== undefined && now <= 0 && ' spent'}" d="${curve}"/></svg>
<p class="legend"><span>${sample('line')}budget left</span><span>${sample('ideal')}spent evenly</span></p>`
}

/** Events of each step: all of them above, the bad ones below, each on a scale of its own. */
export function eventsChart(history: ObjectiveHistory): Html {
  const all = history.points.map(({ at, good, total }) => ({ at: new Date(at), good, total, bad: total - good }))
  return html`${bars('Events', all.map(({ at, total }) => ({ at, value: total })), history, 'fill-chart')}${bars('Bad events', all.map(({ at, bad }) => ({ at, value: bad })), history, 'fill-bad')}
<p class="legend"><span>${sample('fill-chart')}all events of a step</span><span>${sample('fill-bad')}bad ones, on a scale of their own</span></p>`
}

function bars(name: string, values: readonly { readonly at: Date; readonly value: number }[], history: ObjectiveHistory, style: string): Html {
  const sum = values.reduce((total, { value }) => total + value, 0)
  const { x, y, frame } = axes(history, [0, Math.max(1, ...values.map(({ value }) => value))], 130, compactText)
  const width = ((box.width - box.left - box.right) / Math.max(1, values.length)) * 0.8
  const rects = values.flatMap(({ at, value }) => (value === 0 ? [] : [html`<rect x="${round(x(at) - width)}" y="${round(y(value))}" width="${round(width)}" height="${round(y(0) - y(value))}"/>`]))
  return html`<svg class="chart" viewBox="0 0 ${box.width} 130" role="img" aria-label="${name} over the period: ${compactText(sum)} in all">${frame}<g class="${style}">${rects}</g></svg>`
}

/** Scales and grid of a chart over the period. */
function axes({ from, to }: ObjectiveHistory, domain: readonly [number, number], height: number, label: (value: number) => string): Axes {
  const x = scaleUtc([new Date(from), new Date(to)], [box.left, box.width - box.right])
  const y = scaleLinear(domain, [height - box.bottom, box.top])
  const across = y.ticks(height > 200 ? 5 : 2).map((value) => html`<line class="grid" x1="${box.left}" x2="${box.width - box.right}" y1="${round(y(value))}" y2="${round(y(value))}"/><text x="${box.left - 8}" y="${round(y(value) + 4)}" text-anchor="end">${label(value)}</text>`)
  const along = x.ticks(6).map((at) => html`<text x="${round(x(at))}" y="${height - 6}" text-anchor="middle">${x.tickFormat(6)(at)}</text>`)
  return { x, y, frame: html`<g aria-hidden="true">${across}${along}</g>` }
}

function sample(style: string): Html {
  return style.startsWith('fill') ? html`<svg width="14" height="10" aria-hidden="true"><rect class="${style}" width="14" height="10" rx="2"/></svg>` : html`<svg width="22" height="8" aria-hidden="true"><path class="${style}" d="M0,4H22"/></svg>`
}

function round(value: number): string {
  return value.toFixed(1)
}
