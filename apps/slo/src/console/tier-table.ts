import { scaleLinear } from 'd3-scale'
import { toNumber } from '../burn/fraction.ts'
import { isBelow, type Tier } from '../burn/tier.ts'
import type { Window } from '../burn/window.ts'
import { burnText } from './format.ts'
import { type Html, html } from './html.ts'

/** The burn rates of an objective beside the limits above which its tiers alert. */
export function tierTable(tiers: readonly Tier[], burn: Readonly<Record<string, number | null>>): Html {
  if (tiers.length === 0) return html`<p class="note">No tier fits the target and the period of this objective.</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Burn rates by tier"><table>
<thead><tr><th scope="col">Tier</th><th scope="col">Long window</th><th scope="col">Short window</th><th scope="col" class="number">Limit</th><th scope="col">State</th></tr></thead>
<tbody>${tiers.map((tier) => row(tier, burn))}</tbody></table></div>`
}

function row({ name, severity, op, long, short, factor }: Tier, burn: Readonly<Record<string, number | null>>): Html {
  const limit = toNumber(factor)
  const crosses = (window: Window): boolean => {
    const rate = burn[window.text] ?? null
    return rate !== null && (isBelow(op) ? rate < limit : rate > limit)
  }
  const holds = crosses(long) && crosses(short)
  return html`<tr><th scope="row">${severity}<br><span class="note">${name}</span></th><td>${gauge(burn[long.text] ?? null, limit)}</td><td>${gauge(burn[short.text] ?? null, limit)}</td><td class="number">${burnText(limit)}</td>
<td>${holds ? html`<span class="badge ${severity === 'page' ? 'bad' : 'warn'}">holds</span>` : html`<span class="badge none">quiet</span>`}</td></tr>`
}

/** A burn rate as a bar up to its limit, which is the stroke; what is above it goes on to the end. */
function gauge(burn: number | null, limit: number): Html {
  const x = scaleLinear([0, limit * 1.5], [0, 120]).clamp(true)
  const tone = burn === null ? 'none' : burn > limit ? 'bad' : 'ok'
  return html`${burnText(burn)}<svg class="bar" width="120" height="10" aria-hidden="true"><rect class="track" y="2" width="120" height="6" rx="3"/><rect class="fill-${tone}" y="2" width="${x(burn ?? 0).toFixed(1)}" height="6" rx="3"/><line class="limit" x1="${x(limit).toFixed(1)}" x2="${x(limit).toFixed(1)}" y1="0" y2="10"/></svg>`
}
