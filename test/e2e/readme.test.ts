import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { compileCacheDir } from '../../scripts/stack/app-process.ts'
import { Ballast, freshPlace, root } from '../harness/ballast.ts'

const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** Every command of the README's shell blocks, and every npm command in its text. */
function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.split('\n'))
  const inline = [...markdown.matchAll(/`(npm [^`]+|npx [^`]+)`/g)].map(([, command]) => command!)
  return [...new Set([...blocks, ...inline].map((line) => line.replace(/ +#.*/, '').trim()).filter(Boolean))]
}

/** Commands that other tests run, with the test that does. `npm test` is the run that this test is part of. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm test': '.ci/run',
  'npm start -- --no-shop': 'test/start.test.ts',
}

describe('every command of the README does what it says', () => {
  const commands = commandsOf(readme)
  const ran = new Set<string>()
  let place: Awaited<ReturnType<typeof freshPlace>>
  let ballast: Ballast

  beforeAll(async () => {
    place = await freshPlace()
    ballast = new Ballast({ env: place.env, stateDir: place.stateDir })
    await ballast.says('Ctrl-C stops everything')
  })

  afterAll(async () => {
    await ballast.clean()
    rmSync(dirname(place.stateDir), { recursive: true, force: true })
  })

  /** The one command that matches, as it stands in the README. */
  function command(pattern: RegExp): string {
    const [found, ...more] = commands.filter((each) => pattern.test(each))
    expect([found !== undefined, more]).toEqual([true, []])
    ran.add(found!)
    return found!
  }

  /** Runs a command in a shell, with the README's ports replaced by this test's. */
  function shell(line: string): string {
    const { ports } = place
    const onOurPorts = [
      [4318, ports.INGEST_PORT],
      [4317, ports.INGEST_GRPC_PORT],
      [8123, ports.CLICKHOUSE_EMBEDDED_PORT],
      [9095, ports.SLO_PORT],
      [8081, ports.SHOP_CATALOG_PORT],
    ].reduce((text, [documented, ours]) => text.replaceAll(`127.0.0.1:${documented}`, `127.0.0.1:${ours}`), line)
    return execFileSync('sh', ['-c', onOurPorts], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 220_000 })
  }

  test('npm start shows a table and a live line with real traffic in it', async () => {
    command(/^npm start$/)
    expect(ballast.output).toMatch(/shop storefront +http:\/\/127\.0\.0\.1:\d+ +ready/)
    await ballast.says(/[1-9][\d,]* spans · [1-9][\d,]* events · cache \d+\.\d % hits · SLO: \d+ healthy/)
  })

  test('a hand-written span arrives', async () => {
    expect(JSON.parse(shell(command(/curl .*\/v1\/traces/)))).toEqual({})
    const select = command(/curl .*SELECT ServiceName/)
    await vi.waitFor(() => expect(shell(select)).toBe('hello\tsay hello\t250000000\n'), { timeout: 10_000, interval: 100 })
  })

  test('an existing service that uses the OpenTelemetry SDK needs two variables', async () => {
    const exports = [command(/^export OTEL_EXPORTER_OTLP_ENDPOINT=/), command(/^export OTEL_EXPORTER_OTLP_PROTOCOL=/)]
    const traceId = shell([...exports, 'OTEL_SERVICE_NAME=existing node test/fixtures/existing-service.ts'].join('; '))
    const select = `curl -sS http://127.0.0.1:8123 --data-binary "SELECT ServiceName, SpanName FROM otel.otel_traces WHERE TraceId = '${traceId}'"`
    await vi.waitFor(() => expect(shell(select)).toBe('existing\texisting work\n'), { timeout: 10_000, interval: 100 })
  })

  test('ingest passes every point of OTLP that can be told from outside', () => {
    expect(shell(command(/^npm run conformance/))).toMatch(/\n {2}\d\d passed, 0 failed, \d+ skipped\n/)
  })

  test('the ten lines that embed the cache run as they stand', () => {
    const [, source] = /## Embed the cache\n\n```ts\n([\s\S]*?)```/.exec(readme)!
    const file = join(root, 'test', 'e2e', '.generated', 'embed-the-cache.ts')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source!)
    const output = execFileSync(process.execPath, ['--conditions=@ballast/source', file], {
      env: { PATH: process.env['PATH'], REDIS_URL: `redis://127.0.0.1:${place.ports.REDIS_PORT}` },
      encoding: 'utf8',
      timeout: 30_000,
    })
    rmSync(dirname(file), { recursive: true })
    expect(output).toBe(`{ id: '42', name: 'Product 42' }\n`)
  })

  test('objectives are checked, and a release asks whether it may go out', () => {
    expect(shell(command(/^npm run slo -- lint$/))).toMatch(/catalog-availability +99\.900 % +30d +page 1h\/5m +14\.4[\s\S]* 0 errors, 0 warnings\n/)
    // Closed and unknown have exit codes of their own; which it is depends on the traffic so far.
    expect(shell(`${command(/^npm run slo -- gate/)} || test $? -le 3`)).toMatch(/catalog-availability: (open|closed|unknown)/)
  })

  test('a fault burns a budget, an alert is delivered, and the objectives say so', async () => {
    shell(command(/curl .*POST .*\/faults/))
    const alert = await ballast.says(/ALERT FIRING {2}\S+ {2}page/, 200_000)
    const { objectives } = JSON.parse(shell(command(/curl .*\/api\/v1\/objectives/))) as { objectives: { slo: string; status: string }[] }
    const burning = objectives.filter(({ status }) => status === 'burning').map(({ slo }) => slo)
    expect(burning).toContain(/FIRING {2}(\S+)/.exec(alert)![1])
    shell(command(/curl .*DELETE .*\/faults/))
  })

  test.each([
    ['ingest', 'INGEST_PORT'],
    ['slo', 'SLO_PORT'],
    ['clickhouse-embedded', 'CLICKHOUSE_EMBEDDED_PORT'],
  ] as const)('%s starts alone', async (app, portVariable) => {
    const alone = await freshPlace()
    const line = command(new RegExp(`^npx nx start ${app}$`))
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NX_DAEMON: 'false', NX_TUI: 'false', NODE_COMPILE_CACHE: compileCacheDir, [portVariable]: String(alone.ports[portVariable]), CLICKHOUSE_URL: `http://127.0.0.1:${place.ports.CLICKHOUSE_EMBEDDED_PORT}` }
    const child = spawn('sh', ['-c', line], { cwd: root, env: { ...env, ...(app === 'clickhouse-embedded' ? { CLICKHOUSE_EMBEDDED_DATA_DIR: alone.stateDir } : {}), ...(app === 'ingest' ? { INGEST_JOURNAL_DIR: alone.stateDir } : {}) }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = once(child, 'exit')
    try {
      await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${alone.ports[portVariable]}/readyz`)).status).toBe(200), { timeout: 60_000, interval: 200 })
    } finally {
      process.kill(-child.pid!, 'SIGINT')
      await exited
      rmSync(dirname(alone.stateDir), { recursive: true, force: true })
    }
  })

  test('Ctrl-C stops everything', async () => {
    expect(await ballast.stop()).toBe('clean')
  })

  test('the benchmark of the cache compares it with its peers', () => {
    expect(shell(command(/^npm run bench$/))).toMatch(/ {2}cache {2,}\S/)
    expect(shell(command(/^npm run bench -- cache/))).toMatch(/local hit[\s\S]* x /)
  })

  test('no command of the README is left out of these tests', () => {
    expect(commands.filter((each) => !ran.has(each) && !(each in RUN_ELSEWHERE))).toEqual([])
  })
})
