import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../scripts/stack/free-port.ts'
import { startRedis } from '../scripts/stack/redis.ts'
import { root, withoutOurs } from './harness/ballast.ts'

// Without the source condition, that is: as somebody who installed the package would load it.
const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NX_DAEMON: 'false' }
const dir = mkdtempSync(join(tmpdir(), 'ballast-build-'))

/** Another process than that of the README's start, in CommonJS, over the same Redis. */
const AGAIN = `
const { createCache } = require('@ballast/cache')
const cache = createCache({ namespace: 'shop', redis: process.env.REDIS_URL })
const products = cache.define({ name: 'product', load: () => 'loaded again', softTtl: '1m', hardTtl: '2h' })
products.get('42').then(console.log).then(() => cache.close())
`

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Record<string, unknown>
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'libs', folder, 'package.json'), 'utf8')) as Manifest
}

/** Packs a library as `npm publish` would. */
function pack(folder: string): string {
  const into = join(dir, folder)
  mkdirSync(into, { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', into], { cwd: join(root, 'libs', folder), env, stdio: 'pipe' })
  return join(into, readdirSync(into).find((file) => file.endsWith('.tgz'))!)
}

beforeAll(() => {
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, env, stdio: 'pipe' })
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('every library builds, and what is built is what its exports promise', () => {
  for (const folder of readdirSync(join(root, 'libs'))) {
    const { name, exports } = manifestOf(folder)
    for (const path of Object.keys(exports).filter((each) => each !== './package.json')) {
      const script = `const m = await import('${name}${path.slice(1)}'); console.log(Object.keys(m).length)`
      const exported = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env, encoding: 'utf8' })
      expect(Number(exported), `${name}${path.slice(1)}`).toBeGreaterThan(0)
    }
  }
})

describe.each(['cache', 'telemetry'])('the tarball of %s', (folder) => {
  test('passes publint and arethetypeswrong, for consumers of ES modules', async () => {
    const { messages, pkg } = await publint({ pkgDir: join(root, 'libs', folder), pack: 'npm', strict: true })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
    const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(pack(folder)))), { excludeEntrypoints: ['./package.json'] })
    // ES modules alone, found through `exports`: resolution without it, and `require` in CommonJS types, are not offered.
    const problems = checked.types === false ? ['no types'] : checked.problems.filter((problem) => !('resolutionKind' in problem && (problem.resolutionKind === 'node10' || problem.resolutionKind === 'node16-cjs')))
    expect(problems).toEqual([])
  })
})

test('the tarball of the cache installs into an empty project, where the start of its README is type-checked and runs against Redis', async () => {
  const project = join(dir, 'project')
  mkdirSync(project)
  const [, start] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'libs/cache/README.md'), 'utf8'))!
  writeFileSync(join(project, 'start.ts'), start!)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, types: ['node'] }, files: ['start.ts'] }))
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  // With the whole environment: what npm needs to reach a registry (proxies, certificates) is in it.
  const install = ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', pack('cache'), `@types/node@${devDependencies['@types/node']}`]
  execFileSync('npm', install, { cwd: project, env: withoutOurs(process.env), stdio: 'pipe', timeout: 120_000 })
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], { env, stdio: 'pipe' })
  const redis = await startRedis(await freePort(), join(dir, 'redis'))
  try {
    const run = (file: string): string => execFileSync(process.execPath, [file], { cwd: project, env: { ...env, REDIS_URL: redis.url }, encoding: 'utf8', timeout: 30_000 })
    expect(run('start.js')).toBe(`{ id: '42', name: 'Product 42' }\n`)
    // A second process finds what the first has stored.
    writeFileSync(join(project, 'again.cjs'), AGAIN)
    expect(run('again.cjs')).toBe(`{ id: '42', name: 'Product 42' }\n`)
  } finally {
    await redis.stop()
  }
})
