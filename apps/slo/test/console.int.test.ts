import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium as browsers, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromium } from '../../../test/harness/chromium.ts'
import { startConsoleWorld, TRACE_ID } from './console-world.ts'

const program = chromium()
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const LONG = process.env['BALLAST_TEST_LONG'] === '1'
/** `BALLAST_TEST_PICTURES=1` writes the pictures of the documentation again. */
const PICTURES = process.env['BALLAST_TEST_PICTURES'] === '1'
const docs = fileURLToPath(new URL('../docs', import.meta.url))

interface Look {
  readonly dark?: boolean
  readonly width?: number
  readonly javaScript?: boolean
}

const [light, dark, narrow]: readonly Look[] = [{}, { dark: true }, { width: 390 }]
/** Each kind of page is looked at in some way; at length, every page in every way. */
const pages: readonly (readonly [name: string, path: string, looks: readonly Look[]])[] = [
  ['the list', '/', [light!]],
  ['an objective that burns', '/objectives/checkout-availability', [{ ...dark!, ...narrow! }]],
  ['an objective without events', '/objectives/returns-availability', []],
  ['a service', '/services/checkout', []],
  ['a trace', `/traces/${TRACE_ID}`, [dark!]],
]

describe.skipIf(program === undefined)('the console in Chromium (skipped where it cannot be had: install Debian’s package chromium)', () => {
  let world: Awaited<ReturnType<typeof startConsoleWorld>>
  let browser: Browser
  let said: string[]

  beforeAll(async () => {
    ;[world, browser] = await Promise.all([startConsoleWorld(), browsers.launch({ executablePath: program!, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })])
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })

  /** Opens a page in a browser of its own; what it says on its console is kept. */
  async function open(path: string, look: Look = {}): Promise<Page> {
    const { width = 1180, javaScript = true } = look
    // Only the tests run scripts: axe.
    const context = await browser.newContext({ viewport: { width, height: 850 }, colorScheme: look.dark === true ? 'dark' : 'light', javaScriptEnabled: javaScript, bypassCSP: javaScript })
    const page = await context.newPage()
    said = []
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', (error) => said.push(error.message))
    page.on('requestfailed', (request) => said.push(`${request.url()} failed`))
    await page.goto(world.url + path)
    return page
  }

  /** What axe finds wrong, of every rule for WCAG 2.2 A and AA and of best practice. */
  async function faults(page: Page): Promise<string[]> {
    await page.addScriptTag({ path: axe })
    const found = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: { html: string }[] }[] }
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`))
  }

  const widthOf = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth')

  test.each(pages.filter(([, , looks]) => LONG || looks.length > 0))('%s has no fault of accessibility, in light or dark, wide or narrow, and says nothing on its console', async (_, path, looks) => {
    for (const look of LONG ? [light!, dark!, narrow!] : looks) {
      const page = await open(path, look)
      expect([await faults(page), said]).toEqual([[], []])
      expect(await widthOf(page)).toBe(look.width ?? 1180)
      await page.context().close()
    }
  })

  test('the list is filtered and sorted by a form that needs no scripts, and leads to an objective', async () => {
    const page = await open('/', { javaScript: false })
    const names = (): Promise<string[]> => page.locator('tbody th > a').allTextContents()
    expect(await names()).toEqual(['Payments go through', 'Search answers within 300 ms', 'Catalog answers', 'Orders are taken', 'Storefront answers', 'Returns are accepted'])
    await page.getByLabel('Order').selectOption('urgency')
    await page.getByRole('button', { name: 'Show' }).click()
    expect((await names()).slice(0, 2)).toEqual(['Orders are taken', 'Payments go through'])
    await page.getByLabel('Name or service').fill('CHECK')
    await page.keyboard.press('Enter')
    await page.waitForURL(/q=CHECK/)
    expect(await names()).toEqual(['Orders are taken'])
    await page.getByRole('link', { name: 'Orders are taken' }).click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Orders are taken')
    await page.getByRole('link', { name: TRACE_ID }).click()
    expect(await page.locator('tbody tr').count()).toBe(8)
    await page.context().close()
  })

  test('an objective shows its budget, its limits, its alert and what differs', async () => {
    const page = await open('/objectives/checkout-availability')
    const text = await page.locator('main').innerText()
    for (const part of ['Page: checkout, Orders are taken: error budget burns', '1h/5m', '14.4', 'holds', 'service.version', '2.8.0', 'UpstreamTimeout', TRACE_ID, 'everybody was told']) expect(text).toContain(part)
    const chart = page.getByRole('img', { name: /^Budget over the period: \d+\.\d % is left$/ })
    expect(await chart.locator('path').count()).toBe(3)
    expect(await chart.locator('path.line').getAttribute('d')).toMatch(/^M54\.0+,|^M54,/)
    await page.context().close()
  })

  test('everything can be reached by the keyboard, the content first', async () => {
    const page = await open('/')
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent.trim() || document.activeElement.name')
    const reached: string[] = []
    for (let step = 0; step < 9; step++) {
      await page.keyboard.press('Tab')
      reached.push(await focused())
    }
    expect(reached.slice(0, 4)).toEqual(['Skip to the content', 'Ballast SLO', 'Objectives', 'q'])
    expect(reached[6]).toBe('Show')
    expect(reached[8]).toBe('Payments go through')
    await page.context().close()
  })

  test('prints without its controls, on white', async () => {
    const page = await open('/', { dark: true })
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.locator('form.filter').isVisible()).toBe(false)
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    await page.context().close()
  })

  test.runIf(PICTURES)('pictures for the documentation', async () => {
    for (const [name, path, look] of [['console-list', '/', {}], ['console-objective', '/objectives/checkout-availability', { dark: true }]] as const) {
      const page = await open(path, look)
      const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 1180, height: name === 'console-list' ? 760 : 1230 }, fullPage: true })
      await writeFile(`${docs}/${name}.png`, picture)
      expect(picture.length).toBeLessThan(200_000)
      await page.context().close()
    }
  })
})
