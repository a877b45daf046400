import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const scripts = fileURLToPath(new URL('..', import.meta.url))

/** A clone and a PATH of the test's own, on which only what the test puts there exists. */
describe('prepare', () => {
  let clone: string
  let bin: string
  let calls: string

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'ballast-prepare-'))
    bin = join(clone, 'bin')
    calls = join(clone, 'calls')
    for (const dir of ['bin', 'scripts', 'node_modules']) mkdirSync(join(clone, dir))
    for (const file of ['prepare.mjs', 'progress.mjs']) copyFileSync(join(scripts, file), join(clone, 'scripts', file))
    writeFileSync(join(clone, 'package-lock.json'), '{}')
    writeFileSync(calls, '')
    symlinkSync(process.execPath, join(bin, 'node'))
    program('npm', 'exit 0')
  })

  afterEach(() => rmSync(clone, { recursive: true, force: true }))

  /** Puts a shell program on the PATH; each call of it is written down. */
  function program(name: string, body: string): void {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >> "${calls}"\n${body}\n`)
    chmodSync(join(bin, name), 0o755)
  }

  function prepare(options: { uid?: number; env?: Record<string, string> } = {}): { status: number | null; output: string; calls: string[] } {
    const asUser = `data:text/javascript,process.getuid=()=>${options.uid ?? 1000}`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', asUser, join(clone, 'scripts', 'prepare.mjs')], {
      env: { PATH: bin, ...options.env },
      encoding: 'utf8',
    })
    return { status, output: stdout + stderr, calls: readFileSync(calls, 'utf8').split('\n').filter(Boolean) }
  }

  test('installs packages once, and again when the lockfile changes', () => {
    program('redis-server', 'exit 0')
    expect(prepare()).toMatchObject({ status: 0, calls: ['npm ci --no-audit --no-fund --loglevel=error', 'redis-server --version'] })
    expect(prepare().calls.filter((call) => call.startsWith('npm'))).toHaveLength(1)
    writeFileSync(join(clone, 'package-lock.json'), '{ }')
    expect(prepare().calls.filter((call) => call.startsWith('npm'))).toHaveLength(2)
  })

  test('shows what npm said when it fails, and tries again the next time', () => {
    program('npm', 'echo "npm error ENOSPC" >&2; exit 1')
    const { status, output } = prepare()
    expect(status).toBe(1)
    expect(output).toContain('npm ci failed:\nnpm error ENOSPC')
    program('npm', 'exit 0')
    program('redis-server', 'exit 0')
    expect(prepare().status).toBe(0)
  })

  test('without root and without Redis it says what to do in one sentence', () => {
    const { status, output } = prepare()
    expect(status).toBe(1)
    expect(output).toContain(
      'Ballast needs Redis and found neither redis-server nor valkey-server on PATH: install one (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), or set REDIS_URL to one that runs.',
    )
  })

  test('as root on Debian it installs redis-server', () => {
    program('apt-get', `[ "$1" = install ] && printf '#!/bin/sh\\nexit 0\\n' > ${bin}/redis-server && /bin/chmod 755 ${bin}/redis-server\nexit 0`)
    const { status, calls: made } = prepare({ uid: 0 })
    expect(status).toBe(0)
    expect(made).toContain('apt-get update')
    expect(made).toContain('apt-get install -y --no-install-recommends redis-server')
  })

  test('as root, when apt-get cannot install it, it says so', () => {
    program('apt-get', '[ "$1" = --version ] && exit 0; echo "E: Unable to locate package" >&2; exit 100')
    const { status, output } = prepare({ uid: 0 })
    expect(status).toBe(1)
    expect(output).toContain('Redis could not be installed by apt-get')
    expect(output).toContain('E: Unable to locate package')
  })

  test('Valkey will do, and so will a Redis that runs elsewhere', () => {
    expect(prepare({ env: { REDIS_URL: 'redis://127.0.0.1:6379' } }).status).toBe(0)
    program('valkey-server', 'exit 0')
    expect(prepare().status).toBe(0)
  })
})
