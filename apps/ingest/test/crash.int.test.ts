import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { differences, type ProcessPair, startPair } from './process-pair.ts'
import { startRetryingClient } from './retrying-client.ts'

const LONG = process.env['BALLAST_TEST_LONG'] === '1'
const KILLS = LONG ? 100 : 8
/** What is killed, in turn. */
const VICTIMS = [['ingest'], ['ingest'], ['clickhouse'], ['ingest'], ['ingest', 'clickhouse'], ['ingest'], ['ingest'], ['ingest']] as const

let pair: ProcessPair
beforeAll(async () => {
  pair = await startPair({ INGEST_BATCH_MAX_AGE: '40ms' })
}, 120_000)
afterAll(() => pair.close())

test(`after ${KILLS} times SIGKILL of ingest, of ClickHouse and of both, every acknowledged span is stored exactly once and nothing else is, behind views as well`, { timeout: LONG ? 3_600_000 : 300_000 }, async () => {
  const client = startRetryingClient({ url: pair.url, senders: 6, pauseMs: 2 })
  for (let round = 0; round < KILLS; round++) {
    // At any point of its life: while it replays, between an insert and the removal of its segment, in an fsync.
    await delay(Math.random() * 400)
    const victims = VICTIMS[round % VICTIMS.length]!
    await Promise.all(victims.map((name) => pair.kill(name)))
    await Promise.all(victims.map((name) => pair.start(name)))
  }
  await client.stop()
  await vi.waitFor(async () => expect(await pair.segments()).toBe(0), { timeout: 60_000, interval: 50 })

  expect(client.wrong).toEqual([])
  expect(client.repeated()).toBeGreaterThan(0)
  expect(differences(await pair.spans(), new Map([...client.acknowledged].map((id) => [id, '1'])))).toEqual([])
  // Roll-ups that views feed: from the rows, and from the roll-up before.
  const byName = await pair.counts('SELECT SpanName AS name, toString(count()) AS n FROM otel_traces GROUP BY name')
  for (const rollUp of ['ballast_red_minute', 'ballast_red_hour']) {
    expect([rollUp, differences(await pair.counts(`SELECT SpanName AS name, toString(sum(Spans)) AS n FROM ${rollUp} GROUP BY name`), byName)]).toEqual([rollUp, []])
  }
  if (LONG) process.stdout.write(`crash: ${KILLS} kills, ${client.acknowledged.size} spans acknowledged, ${client.repeated()} requests repeated\n`)
})
