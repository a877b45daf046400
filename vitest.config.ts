import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const conditions = ['@ballast/source', 'node', 'import', 'default']

// unit: no process, no socket. integration: real Redis and ClickHouse, started once for all files.
// repo: the repository as a whole, from outside: architecture, documentation, the two commands, end to end.
// deadline: measures how long a caller waits for a real server that fails; after all others, one file at a time.
export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Most files wait for servers most of the time: one file more than there are cores keeps them busy.
    maxWorkers: availableParallelism() + 1,
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
          name: 'deadline',
          include: ['{libs,apps}/*/test/**/*.deadline.test.ts'],
          testTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'repo', include: ['test/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 240_000 },
      },
    ],
  },
})
