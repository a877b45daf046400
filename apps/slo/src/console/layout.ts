import { type Html, html, type HtmlValue } from './html.ts'

/** A page of the console. */
export interface Page {
  readonly title: string
  readonly body: HtmlValue
  /** When the figures were measured. */
  readonly measured?: string
}

/** Puts a page into the console's frame: no scripts, one style sheet. */
export function layout({ title, body, measured }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Ballast SLO</title><link rel="stylesheet" href="/console.css"><link rel="icon" href="/icon.svg" type="image/svg+xml"></head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><div><a class="brand" href="/">Ballast SLO</a><nav aria-label="Console"><a href="/">Objectives</a></nav></div></header>
<main id="main">
${body}
</main>
<footer><p>${measured ?? ''} As JSON: <a href="/api/v1/headlines">headlines</a>, <a href="/api/v1/objectives">objectives</a>, <a href="/api/v1/alerts">alerts</a>, <a href="/api/v1/deliveries">deliveries</a>, <a href="/api/v1/problems">problems</a>, <a href="/api/v1/openapi.json">OpenAPI</a>.</p></footer>
</body>
</html>
`
}

/** The icon of the tabs. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#2f6fd0"/><path d="M6 9l7 6 5-3 8 11" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`
