import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@ballast/service'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { alertmanagerFolder, debianTool } from '../../../test/infra/debian-tools.ts'
import { firingNotice, resolvedNotice } from '../src/alert/alert-notice.ts'
import type { AlertState } from '../src/alert/alert-state.ts'
import { Alertmanager } from '../src/notify/alertmanager.ts'
import { evaluation } from './alert-fakes.ts'
import { startReceiver } from './loopback.ts'
import { objective } from './objectives.ts'

const program = debianTool('prometheus-alertmanager')
const signal = AbortSignal.timeout(120_000)
const burning = evaluation(objective(), { good: 0, total: 1000 })
const reading = burning.holding.get('page')!
const log = createLogger('slo', 'silent')

function states(startedAtMs: number): { firing: AlertState; resolved: (atMs: number) => AlertState } {
  const proof = { exampleTraceIds: ['a'.repeat(32)], differences: [], deploys: [] }
  const links = { console: 'https://slo.example/objectives/checkout', dashboard: null, runbook: 'https://runbooks.example/checkout' }
  const notice = firingNotice({ evaluation: burning, condition: { kind: 'burn', severity: 'page', holds: true, name: '1h/5m', reading }, proof, links, lastAlertId: undefined, atMs: startedAtMs })
  return {
    firing: { kind: 'firing', alert: notice.alert, firing: notice, heldAtMs: startedAtMs, escalated: 0 },
    resolved: (atMs) => ({ kind: 'resolved', alert: notice.alert, resolved: resolvedNotice(notice, evaluation(objective(), { good: 1, total: 1 }), atMs) }),
  }
}

describe.skipIf(program === undefined)('a real Alertmanager (skipped where Debian’s package prometheus-alertmanager cannot be had)', () => {
  let dir: string
  const children: ChildProcess[] = []
  const peers: string[] = []
  let webhook: Awaited<ReturnType<typeof startReceiver>>

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ballast-alertmanager-'))
    webhook = await startReceiver()
    const config = { route: { receiver: 'all', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' }, receivers: [{ name: 'all', webhook_configs: [{ url: webhook.url, send_resolved: true }] }] }
    await writeFile(join(dir, 'config.yml'), JSON.stringify(config))
    for (const peer of [0, 1]) {
      const port = await freePort()
      const args = [`--config.file=${join(dir, 'config.yml')}`, `--storage.path=${join(dir, `data-${peer}`)}`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=']
      children.push(spawn(program!, args, { cwd: alertmanagerFolder(program!), stdio: 'ignore' }))
      peers.push(`http://127.0.0.1:${port}`)
    }
  })

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await webhook.close()
    await rm(dir, { recursive: true, force: true })
  })

  const alerts = async (peer: string): Promise<{ labels: Record<string, string>; annotations: Record<string, string>; status: { state: string }; endsAt: string }[]> => (await fetch(`${peer}/api/v2/alerts`)).json() as never
  const notified = (): string[] => webhook.received.map(({ body }) => (JSON.parse(body) as { status: string }).status)

  test('shows an alert active at every peer, then no more, and tells its receiver both', async () => {
    for (const peer of peers) await expect.poll(() => fetch(`${peer}/-/ready`).then(({ status }) => status, () => 0), { timeout: 20_000 }).toBe(200)
    const alertmanager = new Alertmanager({ target: 'am', urls: peers, timeoutMs: 5000, tickMs: 1000, heartbeat: false, log })
    const startedAtMs = Date.now() - 60_000
    const { firing, resolved } = states(startedAtMs)
    await alertmanager.push([firing], Date.now(), signal)
    for (const peer of peers) {
      await expect.poll(() => alerts(peer), { timeout: 10_000 }).toMatchObject([
        {
          labels: { alertname: 'SloErrorBudgetBurn', severity: 'page', slo: 'checkout', objective: 'checkout', service: 'checkout', kind: 'burn', component: 'slo' },
          annotations: { tier: '1h/5m', runbook_url: 'https://runbooks.example/checkout', example_traces: 'a'.repeat(32) },
          status: { state: 'active' },
        },
      ])
    }
    expect(Date.parse((await alerts(peers[0]!))[0]!.endsAt)).toBeGreaterThan(Date.now() + 3 * 60_000)
    await expect.poll(notified, { timeout: 10_000 }).toEqual(['firing', 'firing'])

    await alertmanager.push([resolved(Date.now())], Date.now(), signal)
    for (const peer of peers) await expect.poll(() => alerts(peer), { timeout: 10_000 }).toEqual([])
    await expect.poll(() => notified().toSorted(), { timeout: 10_000 }).toEqual(['firing', 'firing', 'resolved', 'resolved'])
  })
})

describe('what Alertmanager is sent', () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  afterEach(() => receiver.close())
  const sent = (): { labels: Record<string, string>; endsAt: string }[][] => receiver.received.map(({ body }) => JSON.parse(body) as never)

  test('is sent when it changes, else each minute, an end for a quarter of an hour; and again when it was not taken', async () => {
    receiver = await startReceiver([{ status: 500 }])
    const outcomes: string[] = []
    const alertmanager = new Alertmanager({ target: 'am', urls: [new URL(receiver.url).origin], timeoutMs: 2000, tickMs: 15_000, heartbeat: false, log, onAttempt: (_, outcome) => outcomes.push(outcome) })
    const { firing, resolved } = states(0)
    const at = async (seconds: number, state: AlertState): Promise<number> => {
      await alertmanager.push([state], seconds * 1000, signal)
      return receiver.received.length
    }
    expect([await at(0, firing), await at(15, firing), await at(30, firing), await at(75, firing)]).toEqual([1, 2, 2, 3])
    expect(outcomes).toEqual(['failed', 'delivered', 'delivered'])
    expect(sent()[2]![0]!.endsAt).toBe(new Date((75 + 240) * 1000).toISOString())
    const ended = resolved(90_000)
    expect([await at(90, ended), await at(105, ended), await at(150, ended), await at(980, ended), await at(1100, ended)]).toEqual([4, 4, 5, 6, 6])
    expect(sent()[5]![0]!.endsAt).toBe(new Date(90_000).toISOString())
  })

  test('has an alert that always fires when the absence of the engine is to be noticed', async () => {
    receiver = await startReceiver()
    const alertmanager = new Alertmanager({ target: 'am', urls: [`${new URL(receiver.url).origin}/prefix/`], timeoutMs: 2000, tickMs: 15_000, heartbeat: true, log })
    await alertmanager.push([], 0, signal)
    expect(receiver.received[0]!.path).toBe('/prefix/api/v2/alerts')
    expect(sent()[0]).toMatchObject([{ labels: { alertname: 'AlwaysFiring', severity: 'none' }, endsAt: new Date(240_000).toISOString() }])
  })
})
