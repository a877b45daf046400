import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { compileCacheDir } from './scripts/stack/app-process.ts'

const conditions = ['@ballast/source', 'node', 'import', 'default']

// unit: no process, no socket. integration: real Redis and ClickHouse, started once for all files.
// repo: the repository as a whole, from outside: architecture, documentation, the two commands, end to end.
// alone: measures how long a caller waits for a real server that fails, or what the whole platform carries; after all others, one file at a time.
export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Most files wait for servers most of the time, and some use several processes: as many files as there are cores.
    maxWorkers: availableParallelism(),
    // For the programs that tests start, which are many: npm, nx and our own.
    env: { NODE_COMPILE_CACHE: compileCacheDir },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['{libs,apps}/*/test/**/*.test.ts', 'dashboards/test/**/*.test.ts', 'scripts/test/**/*.test.ts'], exclude: ['**/*.{int,deadline}.test.ts'], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['{libs,apps}/*/test/**/*.int.test.ts', 'scripts/test/**/*.int.test.ts'],
          globalSetup: ['test/servers.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['{libs,apps}/*/test/**/*.deadline.test.ts', 'test/e2e/platform.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'repo', include: ['test/**/*.test.ts'], exclude: ['test/e2e/platform.test.ts'], testTimeout: 240_000, hookTimeout: 240_000 },
      },
    ],
  },
})
