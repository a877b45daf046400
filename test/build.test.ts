import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './harness/ballast.ts'

test('every package builds, and what is built is what its exports promise', () => {
  // Without the source condition, that is: as somebody who installed the package would load it.
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NX_DAEMON: 'false' }
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, env, stdio: 'pipe' })
  for (const folder of readdirSync(join(root, 'libs'))) {
    const { name, exports } = JSON.parse(readFileSync(join(root, 'libs', folder, 'package.json'), 'utf8')) as { name: string; exports: Record<string, unknown> }
    for (const path of Object.keys(exports).filter((each) => each !== './package.json')) {
      const script = `const m = await import('${name}${path.slice(1)}'); console.log(Object.keys(m).length)`
      const exported = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env, encoding: 'utf8' })
      expect(Number(exported), `${name}${path.slice(1)}`).toBeGreaterThan(0)
    }
  }
})
