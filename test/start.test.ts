import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../scripts/stack/free-port.ts'
import { Ballast, freshPlace, stillRunning } from './harness/ballast.ts'

const started: Ballast[] = []

function start(options: ConstructorParameters<typeof Ballast>[0]): Ballast {
  const ballast = new Ballast(options)
  started.push(ballast)
  return ballast
}

afterEach(async () => {
  for (const ballast of started.splice(0)) await ballast.clean()
})

async function query(port: number, sql: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/?${new URLSearchParams({ query: sql }).toString()}`, { method: 'POST' })
  return (await response.text()).trim()
}

describe('npm start -- --no-shop', () => {
  test('comes up, keeps its data over Ctrl-C and over kill -9, and leaves nothing running', async () => {
    const { stateDir, ports, env } = await freshPlace()
    const place = { args: ['--no-shop'], env, stateDir }

    const first = start(place)
    await first.says('Ctrl-C stops everything')
    expect(first.output).toMatch(/what +where +health/)
    for (const name of ['Redis', 'ClickHouse \\(embedded\\)', 'ingest \\(OTLP/HTTP\\)', 'ingest \\(OTLP/gRPC\\)', 'slo \\(API and console\\)', 'pager']) {
      expect(first.output).toMatch(new RegExp(`${name}[^\\n]* +(redis|http)://127\\.0\\.0\\.1:\\d+\\S* +ready`))
    }
    expect(first.output).not.toContain('storefront')
    await first.says(/0 spans · 0 events · no shop · SLO: /)
    await query(ports.CLICKHOUSE_EMBEDDED_PORT, `INSERT INTO otel.otel_logs (Timestamp, Body) VALUES (now64(9), 'kept')`)

    const again = start(place)
    expect(await again.exit).toBe(1)
    expect(again.output).toMatch(/Ballast already runs from this folder \(process \d+\)/)

    const firstPids = first.pids()
    expect(firstPids.length).toBeGreaterThanOrEqual(5)
    expect(await first.stop()).toBe('clean')
    expect(first.output.indexOf('Stopping slo')).toBeLessThan(first.output.indexOf('Stopping ingest'))
    expect(first.output.indexOf('Stopping ingest')).toBeLessThan(first.output.indexOf('Stopping ClickHouse'))
    expect(stillRunning(firstPids)).toEqual([])

    const second = start(place)
    await second.says('Ctrl-C stops everything')
    const secondPids = second.pids()
    second.kill()
    await second.exit

    const third = start(place)
    await third.says('Ctrl-C stops everything')
    expect(stillRunning(secondPids)).toEqual([])
    expect(await query(ports.CLICKHOUSE_EMBEDDED_PORT, `SELECT count() FROM otel.otel_logs WHERE Body = 'kept'`)).toBe('1')

    const fourth = await startOnServersOf(ports)
    await fourth.ballast.says('Ctrl-C stops everything')
    expect(fourth.ballast.output).toMatch(/Redis \(given\)[^\n]*ready[\s\S]*ClickHouse \(given\)[^\n]*ready/)
    expect(await fourth.ballast.stop()).toBe('clean')

    const thirdPids = third.pids()
    expect(await third.stop()).toBe('clean')
    expect(stillRunning(thirdPids)).toEqual([])
    for (const dir of [stateDir, fourth.stateDir]) rmSync(dirname(dir), { recursive: true, force: true })
  })

  async function startOnServersOf(ports: Record<string, number>): Promise<{ ballast: Ballast; stateDir: string }> {
    const { stateDir, env } = await freshPlace()
    const given = { REDIS_URL: `redis://127.0.0.1:${ports['REDIS_PORT']}`, CLICKHOUSE_URL: `http://127.0.0.1:${ports['CLICKHOUSE_EMBEDDED_PORT']}`, CLICKHOUSE_DATABASE: 'another' }
    return { ballast: start({ args: ['--no-shop'], env: { ...env, ...given }, stateDir }), stateDir }
  }
})

describe('npm start refuses, in a sentence and with nothing left running, when', () => {
  test('ports are taken: all of them, each with the variable that moves it', async () => {
    const { stateDir, ports, env } = await freshPlace()
    const servers = [ports.INGEST_PORT, ports.SLO_PORT].map((port) => createServer().listen(port, '127.0.0.1'))
    const ballast = start({ args: ['--no-shop'], env, stateDir })
    expect(await ballast.exit).toBe(1)
    for (const server of servers) server.close()
    expect(ballast.output).toContain(`Port ${ports.INGEST_PORT} (ingest) is taken; set INGEST_PORT to a free port, or stop what uses it.`)
    expect(ballast.output).toContain(`Port ${ports.SLO_PORT} (slo) is taken; set SLO_PORT to a free port`)
    expect(ballast.pids()).toEqual([])
  })

  test('a given server is away', async () => {
    const { stateDir, env } = await freshPlace()
    const ballast = start({ args: ['--no-shop'], env: { ...env, REDIS_URL: `redis://:hunter2@127.0.0.1:${await freePort()}` }, stateDir })
    expect(await ballast.exit).toBe(1)
    expect(ballast.output).toMatch(/The server that REDIS_URL names does not answer \(connect ECONNREFUSED [^)]*\); start it, or unset REDIS_URL/)
    expect(ballast.output).not.toContain('hunter2')
  })

  test('a setting of one of its apps is wrong or unknown', async () => {
    const { stateDir, env } = await freshPlace()
    const ballast = start({ args: ['--no-shop'], env: { ...env, INGEST_PROT: '4318' }, stateDir })
    expect(await ballast.exit).toBe(1)
    expect(ballast.output).toContain('INGEST_PROT is not a setting; did you mean INGEST_PORT?')
    expect(stillRunning(ballast.pids())).toEqual([])
  })

  test('its own setting or argument is wrong', async () => {
    const { stateDir, env } = await freshPlace()
    const [setting, argument] = [start({ env: { ...env, SLO_PORT: 'nine' }, stateDir }), start({ args: ['--no-shopp'], env, stateDir })]
    expect(await setting.exit).toBe(2)
    expect(setting.output).toContain('SLO_PORT is "nine", which is not allowed; allowed: a port number')
    expect(await argument.exit).toBe(2)
    expect(argument.output).toContain(`Unknown option '--no-shopp'`)
  })
})

test('npm start -- --help explains itself', async () => {
  const { stateDir, env } = await freshPlace()
  const ballast = start({ args: ['--help'], env, stateDir })
  expect(await ballast.exit).toBe(0)
  expect(ballast.output).toContain('npm start -- --no-shop')
  expect(ballast.output).toMatch(/INGEST_PORT +OTLP\/HTTP port of ingest \(default: 4318\)/)
})
