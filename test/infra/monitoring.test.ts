import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/stack/free-port.ts'
import { root } from '../harness/ballast.ts'
import { alertmanagerFolder, debianTool } from './debian-tools.ts'
import { filesIn, readText, readYaml } from './files.ts'

const dir = mkdtempSync(join(tmpdir(), 'ballast-monitoring-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const promtool = debianTool('promtool')
const amtool = debianTool('amtool')
const alertmanager = debianTool('prometheus-alertmanager')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}
const groups = (readYaml('infra/alerts/platform.rules.yml')[0] as { groups: { rules: Rule[] }[] }).groups
const rules = groups.flatMap((group) => group.rules)

test.each(rules.map((rule) => [rule.alert, rule] as const))('%s says how bad it is, what it is, and what to do', (name, { labels, annotations }) => {
  expect(labels['severity']).toMatch(name === 'AlwaysFiring' ? /^none$/ : /^(page|ticket)$/)
  expect([annotations['summary'], annotations['description'], annotations['dashboard']].every((text) => text !== undefined && text.length > 5)).toBe(true)
  const [, file, anchor] = /^\{\{ \$externalLabels\.runbooks \}\}\/([a-z]+\.md)#([a-z]+)$/.exec(annotations['runbook_url']!)!
  expect(anchor).toBe(name.toLowerCase())
  expect(readText(`infra/runbooks/${file}`)).toMatch(new RegExp(`^## ${name}$`, 'm'))
})

test('every runbook is that of an alert', () => {
  const headings = filesIn('infra/runbooks', '.md').filter((path) => !path.endsWith('README.md')).flatMap((path) => [...readText(path).matchAll(/^## (\w+)$/gm)].map(([, name]) => name!))
  expect(headings.toSorted()).toEqual(rules.map((rule) => rule.alert).toSorted())
})

test('both Alertmanagers have one route and one set of inhibitions', () => {
  const [real, laptop] = ['alertmanager', 'laptop'].map((name) => readYaml(`infra/alertmanager/${name}.yml`)[0] as Record<string, unknown>)
  expect([laptop!['route'], laptop!['inhibit_rules']]).toEqual([real!['route'], real!['inhibit_rules']])
})

describe.skipIf(promtool === undefined)('promtool (skipped where Debian’s package prometheus cannot be had)', () => {
  const run = (...args: string[]): string => execFileSync(promtool!, args, { cwd: root, encoding: 'utf8', stdio: 'pipe' })

  test('reads the rules', () => {
    expect(run('check', 'rules', 'infra/alerts/platform.rules.yml', 'infra/prometheus/recording.rules.yml')).toMatch(/SUCCESS: \d+ rules[\s\S]*SUCCESS: \d+ rules/)
  })

  test('reads the configuration, with the rules where containers have them', () => {
    const at = join(dir, 'prometheus')
    mkdirSync(join(at, 'rules'), { recursive: true })
    cpSync(join(root, 'infra/prometheus/prometheus.yml'), join(at, 'prometheus.yml'))
    for (const file of ['alerts/platform', 'prometheus/recording']) cpSync(join(root, `infra/${file}.rules.yml`), join(at, 'rules', `${file.split('/')[1]}.rules.yml`))
    expect(run('check', 'config', join(at, 'prometheus.yml'))).toMatch(/2 rule files found[\s\S]*prometheus\.yml is valid/)
  })

  test('finds that the alerts fire when they are to, and not else', () => {
    expect(run('test', 'rules', 'infra/alerts/platform.test.yml')).toContain('SUCCESS')
  })
})

describe.skipIf(amtool === undefined || alertmanager === undefined)('amtool and Alertmanager (skipped where Debian’s package cannot be had)', () => {
  test.each(['alertmanager', 'laptop'])('read %s.yml', (name) => {
    expect(execFileSync(amtool!, ['check-config', join(root, `infra/alertmanager/${name}.yml`)], { encoding: 'utf8', stdio: 'pipe' })).toContain('SUCCESS')
  })

  test.each([
    ['page', ['alertname=SloBudgetBurns', 'severity=page']],
    ['ticket', ['alertname=IngestQueueOld', 'severity=ticket']],
    ['heartbeat', ['alertname=AlwaysFiring', 'severity=none']],
    ['ticket', ['alertname=SomethingElse']],
  ])('send to %s: %j', (receiver, labels) => {
    expect(execFileSync(amtool!, ['config', 'routes', 'test', `--config.file=${join(root, 'infra/alertmanager/alertmanager.yml')}`, ...labels], { encoding: 'utf8' }).trim()).toBe(receiver)
  })

  test('a page inhibits the ticket of the same objective, and no other', async () => {
    const port = await freePort()
    const args = [`--config.file=${join(root, 'infra/alertmanager/laptop.yml')}`, `--storage.path=${join(dir, 'alertmanager')}`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=']
    const child: ChildProcess = spawn(alertmanager!, args, { cwd: alertmanagerFolder(alertmanager!), stdio: 'ignore' })
    try {
      const api = `http://127.0.0.1:${port}/api/v2/alerts`
      const alert = (alertname: string, severity: string, rest: Record<string, string>): object => ({ labels: { alertname, severity, ...rest }, startsAt: new Date().toISOString() })
      const objective = (name: string): Record<string, string> => ({ component: 'slo', slo: name, objective: name, service: name })
      const body = JSON.stringify([
        alert('SloBudgetBurns', 'page', objective('checkout')),
        alert('SloBudgetBurnsSlowly', 'ticket', objective('checkout')),
        alert('SloBudgetBurnsSlowly', 'ticket', objective('catalog')),
        alert('ClickHouseDown', 'page', { component: 'clickhouse', instance: 'ch:9363' }),
        alert('SloNotMeasuring', 'page', { component: 'slo' }),
      ])
      await expect.poll(async () => (await fetch(api, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(() => undefined))?.status, { timeout: 10_000 }).toBe(200)
      const suppressed = async (): Promise<string[]> => {
        const alerts = (await (await fetch(api)).json()) as { labels: Record<string, string>; status: { state: string } }[]
        return alerts.filter(({ status }) => status.state === 'suppressed').map(({ labels }) => `${labels['alertname']} ${labels['slo'] ?? ''}`.trim()).toSorted()
      }
      await expect.poll(suppressed, { timeout: 10_000 }).toEqual(['SloBudgetBurnsSlowly checkout', 'SloNotMeasuring'])
    } finally {
      child.kill('SIGKILL')
    }
  })
})
