import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../scripts/stack/free-port.ts'
import { root } from '../harness/ballast.ts'
import { copyContext, type Instruction, readDockerfile, type Stage } from './dockerfile.ts'

/** Where the Dockerfile works; in these tests it is a folder of ours. */
const WORKDIR = '/ballast'
const stages = readDockerfile()
const byName = new Map(stages.map((stage) => [stage.name, stage]))
/** An image takes minutes: it installs every dependency twice. They are built by `npm run test:long`. */
const isLong = process.env['BALLAST_TEST_LONG'] === '1'

/** What an image answers: `/livez`, then its health check of `/livez` and of `/readyz`. ClickHouse is away, which the shop does not mind. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  ingest: ['alive', 'healthy', 'healthy'],
  slo: ['alive', 'healthy', 'not healthy'],
  shop: ['alive', 'healthy', 'healthy'],
  migrate: ['`otel`.`ballast_migrations`'],
}

const dir = mkdtempSync(join(tmpdir(), 'ballast-image-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const PATH = process.env['PATH']!.split(':').filter((entry) => !entry.includes('node_modules')).join(':')
// npm's own settings, proxies and certificates among them, are the machine's; the rest of what vitest sets is not the image's.
const { NODE_ENV: _, NODE_OPTIONS: __, ...inherited } = process.env
const env = { ...inherited, PATH: `${join(process.execPath, '..')}:${PATH}`, npm_config_prefer_offline: 'true' }

function stage(name: string): Stage {
  return byName.get(name)!
}

function all(each: Stage, name: string): string[] {
  return each.instructions.filter((instruction) => instruction.name === name).map(({ rest }) => rest)
}

/** Does in `at` what one instruction of a build stage does in the image. */
function run({ name, rest }: Instruction, at: string): void {
  if (name === 'RUN') execFileSync('sh', ['-c', rest], { cwd: at, env, stdio: 'pipe' })
  else if (name === 'COPY' && rest === '. .') copyContext(at)
  else if (!(name === 'WORKDIR' && rest === WORKDIR)) throw new Error(`this test does not know ${name} ${rest}`)
}

/** What the start script of an app tells Node, beside where sources are. */
function nodeFlags(app: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'apps', app, 'package.json'), 'utf8')) as { scripts: { start: string } }
  return scripts.start.split(' ').filter((word) => word.startsWith('--') && !word.startsWith('--conditions='))
}

test('the images are what the rules ask for: pinned slim Node of our own version, no root, source maps, a health check', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  const bases = stages.map(({ from }) => from).filter((from) => !byName.has(from))
  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies['node']}-bookworm-slim`]))
  expect(all(stage('app'), 'USER')).toEqual(['1000:1000'])
  for (const app of ['ingest', 'slo', 'shop']) {
    expect([app, stage(app).from, all(stage(app), 'RUN')]).toEqual([app, 'app', []])
    expect(JSON.parse(all(stage(app), 'CMD')[0]!)).toEqual(['node', ...nodeFlags(app), `apps/${app}/dist/main.js`])
    expect(all(stage(app), 'HEALTHCHECK')[0]).toMatch(/CMD \["node", "healthy\.mjs", "http:\/\/127\.0\.0\.1:\d+\/readyz"\]$/)
  }
})

describe.runIf(isLong)('without Docker, the steps of the Dockerfile in a clean folder', () => {
  const built = join(dir, 'build')

  beforeAll(() => {
    mkdirSync(built)
    for (const instruction of stage('build').instructions) run(instruction, built)
  })

  test.each(['ingest', 'slo', 'shop', 'migrate'])('make an image of %s that works', async (target) => {
    const image = imageOf(target)
    expect(existsSync(join(image, 'node_modules/typescript'))).toBe(false)
    const bytes = Number(execFileSync('du', ['-sb', image], { encoding: 'utf8' }).split('\t')[0])
    expect(bytes, 'beside Node itself, an image is small').toBeLessThan(64 * 2 ** 20)
    const [, ...args] = JSON.parse(all(stage(target), 'CMD')[0]!) as string[]
    const seen = target === 'migrate' ? firstTable(image, args) : await answersOf(target, image, args)
    expect(seen).toEqual(EXPECTED[target])
  })

  /** Does the steps of a target, and lays its files out as the image has them. */
  function imageOf(target: string): string {
    const [copy] = all(stage(target), 'COPY')
    const [, from, folder] = /^--from=(\S+) \/ballast\/(\S+) \.\/$/.exec(copy!)!
    for (const instruction of stage(from!).instructions) run(instruction, built)
    cpSync(join(built, folder!), join(dir, target), { recursive: true, verbatimSymlinks: true })
    return join(dir, target)
  }
})

/** The first table that the migrations would create. */
function firstTable(image: string, args: readonly string[]): string[] {
  const sql = execFileSync(process.execPath, [...args, '--dry-run'], { cwd: image, env, encoding: 'utf8' })
  return [/CREATE TABLE IF NOT EXISTS (\S+)/.exec(sql)![1]!]
}

/** What the image's own health check says of a URL. */
function healthOf(image: string, url: string): string {
  return spawnSync(process.execPath, ['healthy.mjs', url], { cwd: image, env }).status === 0 ? 'healthy' : 'not healthy'
}

/** Starts the app as the image does, and asks for `/livez`, then by the image's health check for `/livez` and `/readyz`. */
async function answersOf(app: string, image: string, args: readonly string[]): Promise<string[]> {
  const variables: Readonly<Record<string, readonly string[]>> = { ingest: ['INGEST_PORT', 'INGEST_GRPC_PORT'], slo: ['SLO_PORT'], shop: ['SHOP_STOREFRONT_PORT', 'SHOP_CATALOG_PORT', 'SHOP_CHECKOUT_PORT', 'SHOP_TRAFFIC_PORT'] }
  const ports = await Promise.all(variables[app]!.map(async (variable) => [variable, String(await freePort())] as const))
  // Nothing listens where ClickHouse should be: an app starts all the same. Slo is not ready; ingest is, because it can accept into its journal.
  const child = spawn(process.execPath, args, { cwd: image, env: { ...env, ...Object.fromEntries(ports), NODE_ENV: 'production', CLICKHOUSE_URL: `http://127.0.0.1:${await freePort()}`, SHOP_DATA_DIR: join(image, 'data') }, stdio: 'ignore' })
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${ports[0]![1]}`
  try {
    const { status } = await vi.waitFor(async () => (await (await fetch(`${url}/livez`)).json()) as { status: string }, { timeout: 30_000, interval: 100 })
    return [status, healthOf(image, `${url}/livez`), healthOf(image, `${url}/readyz`)]
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}
