import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, Lifecycle } from '@ballast/service'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { settings } from '../src/config.ts'
import { Leadership } from '../src/leader/leadership.ts'
import { openCoordination } from '../src/leader/open-coordination.ts'
import { startAlerting } from '../src/start-alerting.ts'
import { evaluation, ListLog } from './alert-fakes.ts'
import { startReceiver } from './loopback.ts'
import { startMailServer } from './mail-server.ts'
import { objective } from './objectives.ts'

const watched = objective()
const [healthy, burning] = [evaluation(watched, { good: 1000, total: 1000 }), evaluation(watched, { good: 0, total: 1000 })]
const log = createLogger('slo', 'silent')
const wait = { timeout: 30_000, interval: 20 }
let dir: string
const closing: (() => unknown)[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ballast-notify-'))
})

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  await rm(dir, { recursive: true, force: true })
})

test('every kind of target is told of the beginning and the end, each once, though each fails in its own way first', async () => {
  const [slack, pagerDuty, webhook, alertmanager, heartbeat] = await Promise.all([
    startReceiver([{ status: 429, headers: { 'retry-after': '1' } }]),
    startReceiver([{ status: 500 }]),
    startReceiver([{ status: 200, hang: true }]),
    startReceiver(),
    startReceiver([{ status: 503 }]),
  ])
  const mail = await startMailServer(['451 later'])
  closing.push(...[slack, pagerDuty, webhook, alertmanager, heartbeat, mail].map((server) => () => server.close()))
  const secrets = { slack: slack.url, pagerduty: 'K'.repeat(32), signing: `whsec_${Buffer.alloc(32, 7).toString('base64')}\n`, smtp: mail.url.replace('ann:secret@', ''), switch: heartbeat.url }
  for (const [name, text] of Object.entries(secrets)) await writeFile(join(dir, name), text)
  await writeFile(
    join(dir, 'notify.yaml'),
    `targets:
  - { name: slack, type: slack, urlFile: slack, allowPrivate: true }
  - { name: pager, type: pagerduty, routingKeyFile: pagerduty, url: ${pagerDuty.url}, allowPrivate: true }
  - { name: mail, type: email, smtpUrlFile: smtp, from: slo@example.org, to: [ann@example.org] }
  - { name: bot, type: webhook, url: ${webhook.url}, secretFiles: [signing], timeout: 500ms, allowPrivate: true }
  - { name: outside, type: webhook, url: ${webhook.url} }
  - { name: am, type: alertmanager, urls: [${new URL(alertmanager.url).origin}] }
routes: [{ targets: [slack, pager, mail, bot, outside] }]
heartbeat: { urlFile: switch, every: 1h, allowPrivate: true }
`,
  )
  const config = settings.read({ SLO_NOTIFY_FILE: join(dir, 'notify.yaml'), REDIS_URL: inject('redisUrl'), SLO_LEASE: '5s' })
  const coordination = await openCoordination({ url: config.redisUrl, database: `targets-${process.pid}`, leaseMs: config.leaseMs, log })
  const lifecycle = new Lifecycle(log, 5000)
  const leadership = new Leadership({ lease: coordination.lease, log })
  closing.push(() => coordination.close(), () => leadership.resign(), () => lifecycle.shutdown())
  const counted: string[] = []
  const history = new ListLog()
  const { book, ledger, targets } = startAlerting({ config, log, lifecycle, clickhouse: { query: () => Promise.resolve([]) } as never, history, store: coordination.store, leadership, rules: {}, count: (target, outcome) => counted.push(`${target} ${outcome}`) })
  expect(targets).toEqual(['slack', 'pager', 'mail', 'bot', 'outside', 'am'])

  const told = (): number[] => [slack.received.length, pagerDuty.received.length, mail.mails.length, webhook.received.length]
  await book.update([burning], () => false, Date.now())
  await expect.poll(told, wait).toEqual([2, 2, 1, 2])
  // Only the ticket is left, which waits for the end of the page.
  await expect.poll(() => [...ledger.deliveries.values()].every(({ notice }) => notice.alert.severity === 'ticket'), wait).toBe(true)
  await book.update([healthy], () => false, Date.now())
  await expect.poll(told, wait).toEqual([3, 3, 2, 3])
  await expect.poll(() => ledger.deliveries.size, wait).toBe(0)

  const actions = pagerDuty.received.map(({ body }) => (JSON.parse(body) as { event_action: string }).event_action)
  expect(actions).toEqual(['trigger', 'trigger', 'resolve'])
  expect(new Set(webhook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(2)
  expect(mail.mails.map(({ text }) => /^Subject: (\w+)/m.exec(text)![1])).toEqual(['PAGE', 'RESOLVED'])
  expect(await coordination.store.deadLetters()).toMatchObject([{ delivery: { target: 'outside', notice: { state: 'firing' } }, reason: expect.stringContaining('inside of a network') }])
  for (const target of ['slack', 'pager', 'mail', 'bot']) expect(counted.filter((one) => one.startsWith(target))).toEqual([`${target} failed`, `${target} delivered`, `${target} delivered`])
  expect(history.notices.map(({ state, alert }) => `${state} ${alert.severity}`).toSorted()).toEqual(['firing page', 'firing ticket', 'resolved page', 'resolved ticket'])
  await expect.poll(() => alertmanager.received.length, wait).toBe(2)
  expect(heartbeat.received).toHaveLength(2)
})
