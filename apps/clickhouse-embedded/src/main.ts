import { runService } from '@ballast/service'
import { settings } from './config.ts'
import { startEmbedded } from './embedded.ts'

// chDB runs queries on libuv's pool; with the default of 4 threads the fifth query, and every file access, would wait for the first.
process.env['UV_THREADPOOL_SIZE'] ??= '72'

await runService(
  {
    name: 'clickhouse-embedded',
    description: 'serves the HTTP interface of ClickHouse from an engine inside this process',
    settings,
    start: startEmbedded,
  },
  process.env,
)
