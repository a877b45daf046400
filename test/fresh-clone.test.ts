import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Ballast, freshPlace, root, stillRunning } from './harness/ballast.ts'

const dir = mkdtempSync(join(tmpdir(), 'ballast-clone-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('a fresh clone installs itself, comes up healthy with npm start, and stops cleanly', async () => {
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, join(dir, 'ballast')])
  const { stateDir, env } = await freshPlace()
  // What this clone installed lies in npm's cache; asking the registry about it again would test the registry.
  const ballast = new Ballast({ args: ['--no-shop'], env: { ...env, npm_config_prefer_offline: 'true' }, stateDir, cwd: join(dir, 'ballast') })
  try {
    await ballast.says('Ctrl-C stops everything', 220_000)
    expect(ballast.output).toMatch(/Installing packages \(npm ci\) +\d+\.\d s/)
    const rows = /health\n.*\n([\s\S]*?)\n\n/.exec(ballast.output)?.[1]?.split('\n') ?? []
    expect(rows.length).toBeGreaterThanOrEqual(5)
    expect(rows.filter((row) => !row.endsWith('ready'))).toEqual([])
    const pids = ballast.pids()
    expect(await ballast.stop()).toBe('clean')
    expect(stillRunning(pids)).toEqual([])
  } finally {
    await ballast.clean()
    rmSync(join(stateDir, '..'), { recursive: true, force: true })
  }
})
