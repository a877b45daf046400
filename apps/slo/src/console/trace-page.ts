import type { TraceSpan } from '../proof/trace-reader.ts'
import { nanosecondsText, timeText } from './format.ts'
import { type Html, html } from './html.ts'

/** A span in its place: how deep below the root, in the order of a walk from it. */
interface PlacedSpan extends TraceSpan {
  readonly depth: number
}

/** Deeper than this spans are not moved to the right any more. */
const MAX_DEPTH = 12

/** A trace as a waterfall: what called what, when, and for how long. */
export function tracePage(traceId: string, spans: readonly TraceSpan[]): Html {
  const placed = inOrder(spans)
  const [startNs, endNs] = [Math.min(...spans.map(({ startNs: at }) => at)), Math.max(...spans.map(({ startNs: at, durationNs }) => at + durationNs))]
  const failed = spans.filter(({ status }) => status === 'Error').length
  return html`<p class="note">Trace</p>
<h1><code>${traceId}</code></h1>
<p>${spans.length} ${spans.length === 1 ? 'span' : 'spans'} of ${new Set(spans.map(({ service }) => service)).size} services in ${nanosecondsText(endNs - startNs)}, ${failed === 0 ? 'none' : failed} failed; began ${timeText(spans[0]!.startedAt)}.</p>
<section class="card"><div class="scroll" tabindex="0" role="region" aria-label="Waterfall of the trace"><table class="waterfall">
<thead><tr><th scope="col">Operation</th><th scope="col">Service</th><th scope="col" class="number">Took</th><th scope="col" class="time">When</th></tr></thead>
<tbody>${placed.map((span) => row(span, startNs, Math.max(1, endNs - startNs)))}</tbody></table></div></section>`
}

function row({ depth, name, service, kind, status, message, durationNs, startNs: at }: PlacedSpan, startNs: number, wholeNs: number): Html {
  const isBad = status === 'Error'
  const percent = (ns: number): string => `${((ns / wholeNs) * 100).toFixed(2)}%`
  return html`<tr><td><span class="deep" aria-hidden="true">${'  '.repeat(Math.min(MAX_DEPTH, depth))}${depth > 0 && '└ '}</span>${name} <span class="note">${kind}</span>${isBad && html` <span class="badge bad">failed</span>${message !== '' && html`<br><span class="note">${message}</span>`}`}</td>
<td>${service}</td><td class="number">${nanosecondsText(durationNs)}</td>
<td class="time"><svg class="bar" width="100%" height="14" aria-hidden="true"><rect class="track" y="3" width="100%" height="8" rx="2"/><rect class="${isBad ? 'fill-bad' : 'fill-chart'}" x="${percent(at - startNs)}" y="3" width="${percent(Math.max(durationNs, wholeNs * 0.004))}" height="8" rx="2"/></svg></td></tr>`
}

/** Spans below their parents, each in the order of their beginnings. A span whose parent is not there is a root. */
export function inOrder(spans: readonly TraceSpan[]): PlacedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const children = Map.groupBy(spans.toSorted((a, b) => a.startNs - b.startNs), ({ parentSpanId, spanId }) => (ids.has(parentSpanId) && parentSpanId !== spanId ? parentSpanId : ''))
  const placed: PlacedSpan[] = []
  const seen = new Set<string>()
  const walk = (parent: string, depth: number): void => {
    for (const span of children.get(parent) ?? []) {
      // What was stored twice, or says that it calls itself, is shown once.
      if (seen.has(span.spanId)) continue
      seen.add(span.spanId)
      placed.push({ ...span, depth })
      walk(span.spanId, depth + 1)
    }
  }
  walk('', 0)
  return placed
}
