import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test.each([
  ['a span of ten attributes', 'traces', 'protobuf'],
  ['a data point of five', 'metrics', 'protobuf'],
  ['a span in JSON', 'traces', 'json'],
  ['a data point in JSON', 'metrics', 'json'],
])('transcoding makes less garbage for %s than one small object', (_, signal, encoding) => {
  const script = fileURLToPath(new URL('allocation.ts', import.meta.url))
  // In a process of its own, because the test runner changes what is compiled.
  const bytes = Number(execFileSync(process.execPath, ['--conditions=@ballast/source', script, signal, encoding], { encoding: 'utf8' }))
  expect(bytes).toBeGreaterThan(0)
  expect(bytes).toBeLessThan(100)
}, 60_000)
