import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startApp } from '../scripts/stack/app-process.ts'
import { freePort } from '../scripts/stack/free-port.ts'
import { startRedis } from '../scripts/stack/redis.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Redis of this test run. Use a key prefix or namespace of your own. */
    redisUrl: string
    /** The ClickHouse of this test run. Use a database of your own. */
    clickhouseUrl: string
  }
}

/** Starts what integration tests need, once for all test files: a real Redis and embedded ClickHouse, or the ones given by URL. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-test-'))
  const stops: (() => Promise<void>)[] = []
  let redisUrl = process.env['REDIS_URL']
  if (redisUrl === undefined) {
    const redis = await startRedis(await freePort(), join(dir, 'redis'))
    stops.push(redis.stop)
    redisUrl = redis.url
  }
  let clickhouseUrl = process.env['CLICKHOUSE_URL']
  if (clickhouseUrl === undefined) {
    const port = await freePort()
    const clickhouse = await startApp({
      app: 'clickhouse-embedded',
      env: { CLICKHOUSE_EMBEDDED_PORT: String(port), CLICKHOUSE_EMBEDDED_DATA_DIR: join(dir, 'clickhouse'), LOG_LEVEL: 'warn' },
    })
    stops.push(clickhouse.stop)
    clickhouseUrl = `http://127.0.0.1:${port}`
  }
  project.provide('redisUrl', redisUrl)
  project.provide('clickhouseUrl', clickhouseUrl)
  return async () => {
    for (const stop of stops.toReversed()) await stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
