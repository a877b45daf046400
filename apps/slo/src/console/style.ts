/** The console's one style sheet. Colours meet WCAG AA on their backgrounds, in light and in dark; a test measures them. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #1c2128; --soft: #57606a; --link: #0a58b8;
  --ok: #1a7437; --ok-soft: #e3f4e8; --warn: #8a5a00; --warn-soft: #fdf1d6; --bad: #b4232c; --bad-soft: #fdeaea; --none-soft: #eceff2;
  --chart: #2f6fd0; --chart-soft: #2f6fd022; --ideal: #8a939c; --grid: #e8ebef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --card: #171c23; --line: #2b323b; --text: #e6e9ed; --soft: #a0a9b4; --link: #7ab7ff;
    --ok: #5fcf83; --ok-soft: #14301f; --warn: #e8b454; --warn-soft: #372a0e; --bad: #ff8d86; --bad-soft: #401a1c; --none-soft: #262d36;
    --chart: #6ea8fe; --chart-soft: #6ea8fe2b; --ideal: #7d8792; --grid: #262d36;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .75rem; z-index: 1; }
header.top { background: var(--card); border-bottom: 1px solid var(--line); }
header.top > div { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; }
header.top > div, main, footer { max-width: 74rem; margin: 0 auto; padding: .8rem 1.25rem; }
.brand { font-weight: 650; color: var(--text); text-decoration: none; letter-spacing: .01em; }
.note, footer { color: var(--soft); } footer { font-size: .87rem; padding-bottom: 2.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .6rem 0 .1rem; } h2 { font-size: 1.05rem; margin: 0 0 .7rem; } p { margin: .3rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; margin: 1rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .95rem; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.3; font-variant-numeric: tabular-nums; font-weight: 620; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 1rem; align-items: start; }
.columns > * { min-width: 0; }
form.filter { display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: end; margin: 1rem 0 0; }
form.filter label { display: grid; gap: .15rem; font-size: .87rem; color: var(--soft); }
input, select, button { font: inherit; color: var(--text); background: var(--card); border: 1px solid #7d8792; border-radius: 7px; padding: .35rem .6rem; }
button { background: var(--link); border-color: var(--link); color: var(--card); font-weight: 600; padding-inline: 1rem; cursor: pointer; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-size: .82rem; font-weight: 600; color: var(--soft); white-space: nowrap; }
th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; } tbody tr:last-child > * { border-bottom: 0; }
tbody th .note, tbody th .note a { font-weight: 400; } .number svg { margin-left: auto; }
tbody th { font-size: inherit; color: inherit; font-weight: 600; white-space: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.badge { display: inline-block; padding: .05rem .6rem; border-radius: 99px; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.badge.ok { color: var(--ok); background: var(--ok-soft); } .badge.warn { color: var(--warn); background: var(--warn-soft); }
.badge.bad { color: var(--bad); background: var(--bad-soft); } .badge.none { color: var(--soft); background: var(--none-soft); }
.warning { border-left: 4px solid var(--bad); } code { font: .9em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
ul.plain { list-style: none; margin: 0; padding: 0; } ul.plain li { padding: .35rem 0; border-bottom: 1px solid var(--line); } ul.plain li:last-child { border: 0; }
svg { display: block; max-width: 100%; } svg.chart { width: 100%; min-width: 32rem; height: auto; } svg text { fill: var(--soft); font-size: 11.5px; font-family: inherit; }
.bar .track { fill: var(--none-soft); } .fill-ok { fill: var(--ok); } .fill-warn { fill: var(--warn); } .fill-bad { fill: var(--bad); } .fill-none { fill: var(--soft); } .fill-chart { fill: var(--chart); }
.grid { stroke: var(--grid); } .zero { stroke: var(--soft); } .ideal { stroke: var(--ideal); stroke-dasharray: 5 5; fill: none; stroke-width: 1.5; }
.line { stroke: var(--chart); fill: none; stroke-width: 2; } .line.spent { stroke: var(--bad); } .area { fill: var(--chart-soft); } .limit { stroke: var(--text); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: .87rem; color: var(--soft); margin-top: .4rem; } .legend svg { display: inline-block; vertical-align: middle; margin-right: .35rem; }
.waterfall td { padding-block: .25rem; } .waterfall .time { width: 46%; min-width: 16rem; } .deep { color: var(--soft); white-space: pre; }
@media (max-width: 40rem) { h1 { font-size: 1.3rem; } .tiles { grid-template-columns: repeat(2, 1fr); } .wide { display: none; } header.top > div, main, footer { padding-inline: .9rem; } }
@media print {
  :root { --page: #fff; --card: #fff; --text: #000; --soft: #444; --line: #bbb; --link: #000; }
  header.top, form.filter, .skip { display: none; } .card, .tiles li { break-inside: avoid; } .scroll { overflow: visible; } svg.chart { min-width: 0; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`
