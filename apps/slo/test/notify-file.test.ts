import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parseNotifyFile, readNotifyFile } from '../src/notify/notify-file.ts'
import { routeOf } from '../src/notify/route.ts'

const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
const example = /```yaml\n(targets:[\s\S]*?)```/.exec(readme)![1]!
const labels = (facts: Record<string, string>) => ({ alertname: 'SloErrorBudgetBurn', severity: 'ticket', service: 'shop', ...facts })

describe('the file of targets', () => {
  test('of the README is right, and routes as it says', () => {
    const { targets, routes, heartbeat } = parseNotifyFile(example, 'notify.yaml')
    expect(targets.map(({ name, type }) => `${name}: ${type}`)).toEqual(['oncall: pagerduty', 'team: slack', 'manager: email', 'bot: webhook', 'alertmanager: alertmanager'])
    expect(routeOf(routes, labels({ severity: 'page' }))).toMatchObject({ targets: ['oncall', 'team'], escalation: [{ afterMs: 900_000, targets: ['manager'] }], throttleMs: 0 })
    expect(routeOf(routes, labels({ service: 'bot-7' })).targets).toEqual(['bot'])
    expect(routeOf(routes, labels({}))).toMatchObject({ targets: ['team'], throttleMs: 1_800_000 })
    expect(heartbeat).toMatchObject({ every: 60_000, allowPrivate: false })
  })

  const slack = (rest = '') => `targets: [{ name: team, type: slack, urlFile: url${rest} }]\n`
  test.each([
    ['- a list', /notify\.yaml is wrong: the file: /],
    ['targets: [', /notify\.yaml is not YAML: /],
    [`${slack()}routes: [{ targets: [nobody] }]`, /a route names the target nobody; the targets that routes may name are: team/],
    [`${slack()}routes: [{ match: [severity], targets: [team] }]`, /routes\.0\.match\.0: is "severity"; allowed: name = value/],
    [`${slack()}routes: [{ targets: [team], throttle: soon }]`, /routes\.0\.throttle: is "soon"; allowed: a whole number/],
    [`${slack(', channel: x')}routes: []`, /targets\.0: .*channel/],
    ['targets: [{ name: history, type: slack, urlFile: u }]\nroutes: []', /targets\.0\.name: is a name of our own/],
    ['targets: [{ name: a, type: webhook }]\nroutes: []', /the target a needs either url or urlFile/],
    ['targets: [{ name: a, type: webhook, url: "ftp://x" }]\nroutes: []', /targets\.0\.url: is not an http or https address/],
    ['targets: [{ name: a, type: slack, urlFile: u }, { name: a, type: slack, urlFile: u }]\nroutes: []', /two targets have the name a/],
    ['targets: [{ name: a, type: alertmanager, urls: ["http://am:9093"] }]\nroutes: [{ targets: [a] }]', /an alertmanager gets everything/],
  ])('%j is refused with the field that is wrong', (text, message) => {
    expect(() => parseNotifyFile(text, 'notify.yaml')).toThrow(expect.objectContaining({ code: 'NOTIFY_INVALID', message: expect.stringMatching(message) }))
  })

  test('that is not there is named, and what to do', () => {
    expect(() => readNotifyFile('/nowhere/notify.yaml')).toThrow(expect.objectContaining({ code: 'NOTIFY_UNREADABLE', message: expect.stringMatching(/cannot read \/nowhere\/notify\.yaml.*SLO_NOTIFY_FILE/) }))
  })
})
