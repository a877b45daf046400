import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { cacheHitRatio } from '../stack/cache-hit-ratio.ts'
import { healthOf } from '../stack/health-probe.ts'
import { startPager } from '../stack/pager.ts'
import { takenPorts } from '../stack/ports.ts'
import { summaryTable } from '../stack/summary-table.ts'
import { freePort } from '../stack/free-port.ts'

describe('the parts of npm start', () => {
  test('a taken port is named with what wants it and the variable that moves it', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const free = await freePort()
    const sentences = await takenPorts([
      { name: 'ingest', port, variable: 'INGEST_PORT' },
      { name: 'slo', port: free, variable: 'SLO_PORT' },
    ])
    server.close()
    expect(sentences).toEqual([`Port ${port} (ingest) is taken; set INGEST_PORT to a free port, or stop what uses it.`])
  })

  test('the pager shows an alert that is delivered and refuses what is none', async () => {
    const lines: string[] = []
    const pager = await startPager((line) => lines.push(line))
    const post = async (body: string): Promise<number> => (await fetch(pager.url, { method: 'POST', body })).status
    expect(await post(JSON.stringify({ type: 'slo.alert.firing', data: { slo: 'storefront-availability', severity: 'page', tier: '1h/5m' } }))).toBe(204)
    expect(await post(JSON.stringify({ type: 'slo.alert.resolved', data: { slo: 'storefront-availability', severity: 'page' } }))).toBe(204)
    expect(await post('not JSON')).toBe(400)
    await pager.stop()
    expect(lines.map((line) => line.slice(26))).toEqual(['ALERT FIRING  storefront-availability  page  tier 1h/5m', 'ALERT RESOLVED  storefront-availability  page'])
  })

  test('a component that does not answer is said not to', async () => {
    expect(await healthOf(`http://127.0.0.1:${await freePort()}/readyz`)).toMatch(/^does not answer: connect ECONNREFUSED/)
  })

  test('the hit ratio counts what spared a load, and is unknown before the first read', () => {
    const gets = (result: string, count: number): string => `cache_gets_total{cache_namespace="shop",cache_name="product",cache_tier="local",cache_result="${result}"} ${count} 1700000000000`
    expect(cacheHitRatio([gets('fresh', 60), gets('coalesced', 20), gets('miss', 15), gets('error', 5), 'cache_size{} 7'].join('\n'))).toBe(0.8)
    expect(cacheHitRatio(gets('fresh', 0))).toBeUndefined()
    expect(cacheHitRatio('')).toBeUndefined()
  })

  test('a table has aligned columns', () => {
    expect(summaryTable([['what', 'where'], ['ingest', 'http://127.0.0.1:4318'], ['a longer name', 'x']])).toBe(
      ['  what            where', '  ─────────────   ─────────────────────', '  ingest          http://127.0.0.1:4318', '  a longer name   x'].join('\n'),
    )
  })
})
