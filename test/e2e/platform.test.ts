import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Ballast, freshPlace, stillRunning } from '../harness/ballast.ts'

/** Requests that the seeded traffic sends before it stops. */
const REQUESTS = 600
const WEBHOOK_SECRET = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`

/** Burn-rate tiers with windows of seconds, so that a test sees in seconds what otherwise takes an hour. */
const TEST_TIERS = {
  period: '1h',
  bucket: '1s',
  tiers: [{ severity: 'page', budgetShare: 0.02, long: '20s', short: '5s' }],
}

interface Delivery {
  readonly type: string
  readonly id: string
  readonly data: { readonly slo: string; readonly severity: string; readonly tier: string; readonly alertId: string; readonly exampleTraceIds?: readonly string[] }
}

interface TrafficStats {
  readonly sent: { readonly view: number; readonly unknown: number; readonly order: number }
}

describe('the whole platform, with the real shop and the real OpenTelemetry SDK', () => {
  let place: Awaited<ReturnType<typeof freshPlace>>
  let ballast: Ballast
  let webhook: Server
  const dir = mkdtempSync(join(tmpdir(), 'ballast-platform-'))
  const deliveries: Delivery[] = []
  const unsigned: string[] = []

  beforeAll(async () => {
    webhook = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        const id = String(request.headers['webhook-id'])
        const signed = `${id}.${String(request.headers['webhook-timestamp'])}.${body}`
        const signature = createHmac('sha256', Buffer.from(WEBHOOK_SECRET.slice('whsec_'.length), 'base64')).update(signed).digest('base64')
        if (request.headers['webhook-signature'] !== `v1,${signature}`) unsigned.push(id)
        deliveries.push({ ...(JSON.parse(body) as Delivery), id })
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
    const { port } = webhook.address() as { port: number }
    const tiersFile = join(dir, 'tiers.json')
    writeFileSync(tiersFile, JSON.stringify(TEST_TIERS))

    place = await freshPlace()
    ballast = new Ballast({
      stateDir: place.stateDir,
      env: {
        ...place.env,
        SHOP_TRAFFIC_REQUESTS: String(REQUESTS),
        SHOP_TRAFFIC_RATE: '60',
        SHOP_TRAFFIC_SEED: '7',
        SLO_TIERS_FILE: tiersFile,
        SLO_TICK: '1s',
        SLO_INGEST_LAG: '2s',
        SLO_WEBHOOK_URL: `http://127.0.0.1:${port}/alerts`,
        SLO_WEBHOOK_SECRET: WEBHOOK_SECRET,
      },
    })
    await ballast.says('Ctrl-C stops everything')
  })

  afterAll(async () => {
    await ballast.clean()
    webhook.closeAllConnections()
    webhook.close()
    for (const each of [dir, dirname(place.stateDir)]) rmSync(each, { recursive: true, force: true })
  })

  async function rows<T>(sql: string): Promise<T[]> {
    const response = await fetch(`http://127.0.0.1:${place.ports.CLICKHOUSE_EMBEDDED_PORT}/?database=otel`, { method: 'POST', body: `${sql} FORMAT JSON` })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return (JSON.parse(text) as { data: T[] }).data
  }

  const trafficStats = async (): Promise<TrafficStats> => (await fetch(`http://127.0.0.1:${place.ports.SHOP_TRAFFIC_PORT}/stats`)).json() as Promise<TrafficStats>

  test('placeholder', async () => {
    expect(await trafficStats()).toBeDefined()
    expect(await rows('SELECT 1')).toBeDefined()
    expect(unsigned).toEqual([])
    expect(stillRunning([])).toEqual([])
    await vi.waitFor(() => expect(deliveries).toBeDefined())
  })
})
