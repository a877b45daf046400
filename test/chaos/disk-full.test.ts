import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AppProcess, startApp } from '../../scripts/stack/app-process.ts'
import { freePort } from '../../scripts/stack/free-port.ts'
import { becomesReady } from '../../scripts/stack/health-probe.ts'

const disk = mkdtempSync(join(tmpdir(), 'ballast-small-disk-'))

/** A small disk of the test's own. It takes root, which CI has; elsewhere there is no way to fill a disk without filling the machine's. */
function mountSmallDisk(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600m', 'tmpfs', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const mounted = mountSmallDisk()

describe.runIf(mounted)('a full disk', () => {
  const filler = join(disk, 'filler')
  const apps: AppProcess[] = []
  let clickhouse: string
  let ingest: string
  let accepted = 0

  beforeAll(async () => {
    const [clickhousePort, ingestPort] = [await freePort(), await freePort()]
    clickhouse = `http://127.0.0.1:${clickhousePort}`
    ingest = `http://127.0.0.1:${ingestPort}`
    const env = { CLICKHOUSE_EMBEDDED_PORT: String(clickhousePort), CLICKHOUSE_EMBEDDED_DATA_DIR: join(disk, 'clickhouse'), CLICKHOUSE_EMBEDDED_MIN_FREE_DISK: '64MiB' }
    apps.push(await startApp({ app: 'clickhouse-embedded', env }))
    const ingestEnv = { INGEST_PORT: String(ingestPort), INGEST_GRPC_PORT: '0', INGEST_JOURNAL_DIR: join(disk, 'journal'), CLICKHOUSE_URL: clickhouse }
    apps.push(await startApp({ app: 'ingest', env: ingestEnv }))
    await becomesReady(`${ingest}/readyz`, 30_000)
  })

  afterAll(async () => {
    for (const app of apps.toReversed()) await app.stop()
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })

  const readiness = async (url: string): Promise<unknown> => (await fetch(`${url}/readyz`)).json()

  /** Sends ten spans; counts them when they are accepted. */
  async function send(): Promise<Response> {
    const hex = (bytes: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
    const at = BigInt(Date.now()) * 1_000_000n
    const spans = Array.from({ length: 10 }, () => ({ traceId: hex(16), spanId: hex(8), name: 'work', kind: 1, startTimeUnixNano: String(at), endTimeUnixNano: String(at + 1000n) }))
    const response = await fetch(`${ingest}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }) })
    if (response.status === 200) accepted += spans.length
    await response.arrayBuffer()
    return response
  }

  function fillDisk(): void {
    const file = openSync(filler, 'w')
    for (let size = 2 ** 20; size >= 4096; ) {
      try {
        if (writeSync(file, Buffer.alloc(size)) < size) size /= 2
      } catch {
        size /= 2
      }
    }
    closeSync(file)
  }

  test('is said by /readyz, answered with 503 and Retry-After, and over by itself when there is room; what was accepted is there once', async () => {
    expect((await send()).status).toBe(200)
    fillDisk()
    const refusals: Response[] = []
    await vi.waitFor(
      async () => {
        const response = await send()
        if (response.status !== 200) refusals.push(response)
        expect(refusals.length).toBeGreaterThanOrEqual(2)
      },
      { timeout: 60_000, interval: 100 },
    )
    expect(refusals.filter(({ status, headers }) => status !== 503 || !/^\d+$/.test(headers.get('retry-after') ?? ''))).toEqual([])
    expect(await readiness(clickhouse)).toMatchObject({ status: 'not ready', checks: { disk: { ok: false, message: expect.stringContaining('disk almost full') } } })
    // Not ready because its own disk is full; that ClickHouse takes nothing either is shown beside it.
    await vi.waitFor(async () => expect(await readiness(ingest)).toMatchObject({ status: 'not ready', checks: { journal: { ok: false, message: expect.stringMatching(/disk|space/i) } } }), { timeout: 10_000, interval: 100 })

    rmSync(filler)
    await vi.waitFor(async () => expect((await send()).status).toBe(200), { timeout: 30_000, interval: 100 })
    await vi.waitFor(async () => expect(await readiness(ingest)).toMatchObject({ status: 'ready' }), { timeout: 30_000, interval: 100 })
    const rows = async (): Promise<string> => (await fetch(`${clickhouse}/?query=${encodeURIComponent('SELECT count(), uniqExact(SpanId) FROM otel.otel_traces')}`)).text()
    await vi.waitFor(async () => expect(await rows()).toBe(`${accepted}\t${accepted}\n`), { timeout: 30_000, interval: 100 })
  })
})
