import { createHmac } from 'node:crypto'
import { createLogger } from '@ballast/service'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AlertNotice } from '../src/alert/alert.ts'
import { firingNotice, resolvedNotice } from '../src/alert/alert-notice.ts'
import { isAllowedAddress } from '../src/notify/address-guard.ts'
import { EmailChannel } from '../src/notify/email-channel.ts'
import { Heartbeat } from '../src/notify/heartbeat.ts'
import { PagerDutyChannel } from '../src/notify/pager-duty-channel.ts'
import { SlackChannel, slackMessage } from '../src/notify/slack-channel.ts'
import { WebhookChannel } from '../src/notify/webhook-channel.ts'
import type { Channel } from '../src/outbox/channel.ts'
import { type Delivery, newDelivery } from '../src/outbox/delivery.ts'
import { evaluation } from './alert-fakes.ts'
import { startReceiver } from './loopback.ts'
import { startMailServer } from './mail-server.ts'
import { objective } from './objectives.ts'

const watched = { ...objective({ name: 'checkout' }), displayName: 'Orders <taken> & "paid"' }
const burning = evaluation(watched, { good: 0, total: 1000 })
const reading = burning.holding.get('page')!
const proof = {
  exampleTraceIds: ['a'.repeat(32)],
  differences: [{ attribute: 'http.route', value: '/pay', badShare: 0.92, goodShare: 0.11, lift: 4.2, chiSquared: 99 }],
  deploys: [{ service: 'checkout', version: '2.1.0', firstSeenAt: '2026-11-21T12:00:00.000Z' }],
}
const links = { console: 'https://slo.example/objectives/checkout', dashboard: null, runbook: 'https://runbooks.example/checkout' }
const firing = firingNotice({ evaluation: burning, condition: { kind: 'burn', severity: 'page', holds: true, name: reading.tier.name, reading }, proof, links, lastAlertId: undefined, atMs: 1_800_000_000_000 })
const resolved = resolvedNotice(firing, evaluation(watched, { good: 1000, total: 1000 }), 1_800_000_300_000)
const deliveryOf = (notice: AlertNotice): Delivery => newDelivery(notice, 'target', notice.atMs)
const send = (channel: Channel, notice: AlertNotice = firing): Promise<void> => channel.send(deliveryOf(notice), AbortSignal.timeout(channel.timeoutMs))

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const json = (index: number): unknown => JSON.parse(receiver.received[index]!.body)
const at = (facts: { readonly timeoutMs?: number; readonly allowPrivate?: boolean } = {}) => ({ target: 'target', url: receiver.url, timeoutMs: 2000, allowPrivate: true, ...facts })

describe('a webhook', () => {
  const keys = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)]

  test('gets a body with type, time and data, under an id that stays, signed with each secret', async () => {
    const channel = new WebhookChannel({ ...at(), keys })
    await send(channel)
    await send(channel)
    await send(channel, resolved)
    const [first, second, third] = receiver.received
    expect(JSON.parse(first!.body)).toEqual({ type: 'slo.alert.firing', timestamp: new Date(firing.atMs).toISOString(), data: firing.data })
    expect(JSON.parse(third!.body)).toMatchObject({ type: 'slo.alert.resolved', data: { alertId: firing.alert.id, resolution: 'recovered' } })
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
    expect(third!.headers['webhook-id']).not.toBe(first!.headers['webhook-id'])
    const signed = `${String(first!.headers['webhook-id'])}.${String(first!.headers['webhook-timestamp'])}.${first!.body}`
    expect(first!.headers['webhook-signature']).toBe(keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' '))
  })

  test.each([
    [{ status: 500 }, {}],
    [{ status: 429, headers: { 'retry-after': '7' } }, { retryAfterMs: 7000 }],
    [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, {}],
    [{ status: 410 }, { permanent: 'target' }],
  ])('that answers %j has not taken it', async (answer, facts) => {
    receiver.answers.push(answer)
    await expect(send(new WebhookChannel({ ...at(), keys }))).rejects.toMatchObject({ code: 'DELIVERY_FAILED', retryAfterMs: undefined, permanent: undefined, ...facts })
    expect(receiver.received).toHaveLength(1)
  })

  test('that hangs has not taken it after its time', async () => {
    receiver.answers.push({ status: 200, hang: true })
    await expect(send(new WebhookChannel({ ...at({ timeoutMs: 100 }), keys }))).rejects.toMatchObject({ name: expect.stringMatching(/Abort|Timeout/) })
  })

  test.each(['http://127.0.0.1:PORT/', 'http://localhost:PORT/', 'http://[::1]:PORT/', 'http://[::ffff:127.0.0.1]:PORT/', 'http://2130706433:PORT/'])('inside of the network at %s gets nothing unless that is allowed', async (address) => {
    const url = address.replace('PORT', new URL(receiver.url).port)
    await expect(send(new WebhookChannel({ ...at({ allowPrivate: false }), url, keys }))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED', permanent: 'message' })
    expect(receiver.received).toEqual([])
  })
})

test('addresses of a machine’s secrets are refused always, those of a network unless allowed', () => {
  expect(['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '0.0.0.0', '::', '224.0.0.1', '::ffff:169.254.169.254', 'nonsense'].map((address) => isAllowedAddress(address, true))).toEqual(Array(8).fill(false))
  const inside = ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', '127.0.0.1', '::1', 'fd12::1', '64:ff9b::7f00:1', '::ffff:10.0.0.1']
  expect(inside.map((address) => [isAllowedAddress(address, false), isAllowedAddress(address, true)])).toEqual(inside.map(() => [false, true]))
  expect(['93.184.216.34', '172.32.0.1', '2606:2800:220:1::1'].map((address) => isAllowedAddress(address, false))).toEqual([true, true, true])
})

describe('Slack', () => {
  test('gets blocks with the facts, what differs and the links, its own characters escaped', async () => {
    await send(new SlackChannel(at()))
    const message = json(0) as { text: string; blocks: { type: string; text?: { text: string }; fields?: { text: string }[]; elements?: { text: string }[] }[] }
    expect(message.text).toContain('PAGE checkout, Orders &lt;taken&gt; &amp; "paid": error budget burns 1000 times too fast')
    expect(message.blocks.map(({ type }) => type)).toEqual(['header', 'section', 'section', 'section', 'section', 'context'])
    expect(message.blocks[1]!.fields!.map(({ text }) => text)).toContain('*Bad events*\n1000 of 1000')
    expect(message.blocks[2]!.text!.text).toContain('http.route = /pay: 92 % of bad events, 11 % of good ones')
    expect(message.blocks[5]!.elements![0]!.text).toBe('<https://runbooks.example/checkout|Runbook> · <https://slo.example/objectives/checkout|Objective>')
  })

  test('never gets more than it takes, however long the names are', () => {
    const long = 'x'.repeat(5000)
    const message = slackMessage({ ...firing, data: { ...firing.data, summary: long, tier: long, differences: Array.from({ length: 5 }, () => ({ ...proof.differences[0]!, value: long })) } }) as { text: string; blocks: { type: string; text?: { text: string }; fields?: { text: string }[] }[] }
    expect(message.blocks.length).toBeLessThanOrEqual(50)
    expect(message.text.length).toBeLessThanOrEqual(4000)
    for (const { type, text, fields = [] } of message.blocks) {
      expect(text?.text.length ?? 0).toBeLessThanOrEqual(type === 'header' ? 150 : 3000)
      expect(fields.length <= 10 && fields.every((field) => field.text.length <= 2000)).toBe(true)
    }
    expect(JSON.stringify(message).length).toBeLessThan(13_000)
  })

  test.each([[400, 'message'], [403, 'target'], [404, 'target'], [410, 'target'], [429, undefined], [500, undefined]])('that answers %i makes it %s', async (status, permanent) => {
    receiver.answers.push({ status, headers: { 'retry-after': '2' } })
    await expect(send(new SlackChannel(at()))).rejects.toMatchObject({ permanent, retryAfterMs: 2000 })
  })
})

describe('PagerDuty', () => {
  const channel = (): PagerDutyChannel => new PagerDutyChannel({ ...at(), routingKey: 'R'.repeat(32) })

  test('is triggered and resolved under one key of its limits', async () => {
    await send(channel())
    await send(channel(), resolved)
    const [trigger, resolve] = [json(0), json(1)] as Record<string, unknown>[]
    expect(trigger).toMatchObject({
      routing_key: 'R'.repeat(32),
      event_action: 'trigger',
      client_url: 'https://slo.example/objectives/checkout',
      links: [{ href: 'https://runbooks.example/checkout', text: 'Runbook' }, { href: 'https://slo.example/objectives/checkout', text: 'Objective' }],
      payload: { severity: 'critical', source: 'checkout', component: 'checkout', class: 'burn', timestamp: '2027-01-15T08:00:00.000Z', custom_details: { tier: '1h/5m', exampleTraceIds: ['a'.repeat(32)] } },
    })
    expect(resolve).toEqual({ routing_key: 'R'.repeat(32), event_action: 'resolve', dedup_key: trigger!['dedup_key'] })
    expect(String(trigger!['dedup_key'])).toMatch(/^[0-9a-f]{64}$/)
    expect((trigger!['payload'] as { summary: string }).summary.length).toBeLessThanOrEqual(1024)
  })

  test.each([[400, 'message'], [429, undefined], [500, undefined]])('that answers %i makes it %s', async (status, permanent) => {
    receiver.answers.push({ status })
    await expect(send(channel())).rejects.toMatchObject({ permanent })
  })
})

describe('e-mail', () => {
  test('is one message in a thread of its alert, with all facts as plain text', async () => {
    const server = await startMailServer()
    try {
      const channel = new EmailChannel({ target: 'mail', smtpUrl: server.url.replace('ann:secret@', ''), from: 'slo@example.org', to: ['ann@example.org', 'ben@example.org'], timeoutMs: 2000 })
      await send(channel)
      await send(channel, resolved)
      const [first, second] = server.mails
      expect(first!.to).toHaveLength(2)
      expect(first!.text).toMatch(/^Subject: (=\?UTF-8\?Q\?)?PAGE[_ ]checkout/m)
      expect(first!.text).toContain(`Message-ID: <${deliveryOf(firing).id}@ballast.slo>`)
      expect(first!.text).toContain('http.route')
      const threads = [first!, second!].map(({ text }) => /^References: (.*)$/m.exec(text)![1])
      expect(threads).toEqual([`<${firing.alert.id}@ballast.slo>`, `<${firing.alert.id}@ballast.slo>`])
    } finally {
      await server.close()
    }
  })

  test.each([['451 try later', undefined], ['550 no such user', 'message']])('that is refused with %s is %s', async (refusal, permanent) => {
    const server = await startMailServer([refusal])
    try {
      const channel = new EmailChannel({ target: 'mail', smtpUrl: server.url.replace('ann:secret@', ''), from: 'slo@example.org', to: ['ann@example.org'], timeoutMs: 2000 })
      await expect(send(channel)).rejects.toMatchObject({ code: 'DELIVERY_FAILED', permanent })
      expect(server.mails).toEqual([])
    } finally {
      await server.close()
    }
  })
})

test('a heartbeat beats at its interval, and again at once when it was not taken', async () => {
  const heartbeat = new Heartbeat({ url: receiver.url, everyMs: 60_000, timeoutMs: 2000, allowPrivate: true, log: createLogger('slo', 'silent') })
  const signal = AbortSignal.timeout(10_000)
  receiver.answers.push({ status: 500 })
  for (const atMs of [0, 15_000, 30_000, 75_000]) await heartbeat.beat(atMs, signal)
  expect(receiver.received.map(({ body }) => (JSON.parse(body) as { measuredAt: string }).measuredAt)).toEqual([0, 15_000, 75_000].map((ms) => new Date(ms).toISOString()))
})
