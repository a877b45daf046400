import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { root } from '../harness/ballast.ts'
import { readDockerfile } from './dockerfile.ts'
import { readYaml } from './files.ts'

interface Service {
  readonly image: string
  readonly build?: { readonly target: string }
  readonly user: string
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly mem_limit: string
  readonly pids_limit: number
  readonly healthcheck: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly secrets?: readonly (string | { readonly source: string })[]
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly profiles?: readonly string[]
  readonly privileged?: boolean
  readonly cap_add?: readonly string[]
  readonly network_mode?: string
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

const compose = readYaml('docker-compose.yml')[0] as Compose
const services = Object.entries(compose.services)

describe.each(services)('the container of %s', (name, service) => {
  test('is hardened: not root, nothing to write to, no capabilities, no new privileges', () => {
    expect(service.user).toMatch(/^[1-9]\d*:\d+$/)
    expect([service.read_only, service.cap_drop, service.security_opt]).toEqual([true, ['ALL'], ['no-new-privileges:true']])
    expect([service.privileged, service.cap_add, service.network_mode]).toEqual([undefined, undefined, undefined])
  })

  test('has bounds', () => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/)
    expect(service.pids_limit).toBeGreaterThan(0)
  })

  test('has a pinned image, ours built by a target of the Dockerfile', () => {
    expect(service.image).toMatch(service.build === undefined ? /^[a-z0-9./-]+:v?\d+\.\d+/ : /^ballast-[a-z]+:local$/)
    if (service.build !== undefined) expect(readDockerfile().map((stage) => stage.name)).toContain(service.build.target)
  })

  test('says how it is', () => {
    if (name === 'migrate') expect(service.healthcheck.disable).toBe(true)
    else expect(service.healthcheck.test?.[0]).toMatch(/^CMD(-SHELL)?$/)
  })

  test('opens ports to this machine alone', () => {
    expect((service.ports ?? []).filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([])
  })

  test('gets secrets as files, none in its environment', () => {
    const inTheClear = Object.keys(service.environment ?? {}).filter((variable) => /PASSWORD|SECRET|TOKEN|HEADERS|REDIS_URL/.test(variable) && !/_FILE$/.test(variable))
    expect(inTheClear).toEqual([])
    for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(typeof secret === 'string' ? secret : secret.source)
    for (const [variable, path] of Object.entries(service.environment ?? {})) if (path.startsWith('/run/secrets/')) expect([variable, service.secrets]).toEqual([variable, expect.arrayContaining([path.slice('/run/secrets/'.length)])])
  })

  test('mounts configuration that exists, read-only, and named volumes that are declared', () => {
    for (const volume of service.volumes ?? []) {
      const [source, , mode] = volume.split(':')
      if (!source!.startsWith('./')) expect(Object.keys(compose.volumes)).toContain(source)
      else {
        expect(mode).toBe('ro')
        // The dashboards are a package of their own.
        if (source !== './dashboards/generated') expect([source, existsSync(join(root, source!))]).toEqual([source, true])
      }
    }
  })

  test('waits for services that are there', () => {
    for (const other of Object.keys(service.depends_on ?? {})) expect(Object.keys(compose.services)).toContain(other)
  })
})

test('only the shop is behind a profile', () => {
  expect(services.filter(([, service]) => service.profiles !== undefined).map(([name]) => name)).toEqual(['shop'])
})

test('every secret is made by scripts/make-secrets.mjs, once, and only its owner can enter the folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const make = (): void => void execFileSync(process.execPath, [join(root, 'scripts/make-secrets.mjs'), folder], { stdio: 'pipe' })
  make()
  for (const { file } of Object.values(compose.secrets)) expect(readFileSync(join(folder, file.replace('./infra/secrets/', '')), 'utf8').length).toBeGreaterThan(10)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  const before = readFileSync(join(folder, 'clickhouse-users.yaml'), 'utf8')
  make()
  expect(readFileSync(join(folder, 'clickhouse-users.yaml'), 'utf8')).toBe(before)
  const headers = readFileSync(join(folder, 'shop-otlp-headers'), 'utf8')
  expect(headers).toMatch(/^x-api-key=[\w-]{32}$/)
})

const hasCompose = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0
test.skipIf(!hasCompose)('docker compose reads the file (skipped where the docker client has no compose)', () => {
  expect(() => execFileSync('docker', ['compose', '--profile', 'shop', 'config', '--quiet'], { cwd: root, stdio: 'pipe' })).not.toThrow()
})
