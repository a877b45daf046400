import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:net'
import { afterAll, afterEach, expect, test } from 'vitest'
import { freePort } from '../../scripts/stack/free-port.ts'
import { findRedisProgram } from '../../scripts/stack/redis.ts'
import { readText } from './files.ts'

// Each file is started by the real server as it stands; only the port, the secrets and the folder are this test's.
const dir = mkdtempSync(join(tmpdir(), 'ballast-redis-conf-'))
const running: ChildProcess[] = []
const PASSWORD = 'of-this-test'

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL')
    if (child.exitCode === null) await new Promise((done) => child.once('exit', done))
  }
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const secrets: Readonly<Record<string, string>> = {
  'redis-auth.conf': `requirepass ${PASSWORD}\n`,
  'redis-primary-auth.conf': `masterauth ${PASSWORD}\n`,
  'sentinel-auth.conf': `sentinel auth-pass ballast ${PASSWORD}\nrequirepass ${PASSWORD}\n`,
}

/** Writes a configuration with its includes to files of this test. */
function localCopy(name: string): string {
  for (const [file, text] of Object.entries(secrets)) writeFileSync(join(dir, file), text)
  const text = readText(`infra/redis/${name}`).replaceAll('/run/secrets/', `${dir}/`).replaceAll('/etc/redis/', `${dir}/`)
  for (const [, included] of text.matchAll(/^include (\S+)$/gm)) {
    const base = included!.slice(dir.length + 1)
    if (!(base in secrets)) localCopy(base)
  }
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

async function started(name: string, args: readonly string[] = []): Promise<number> {
  const port = await freePort()
  const child = spawn(findRedisProgram()!, [localCopy(name), ...args, '--port', String(port), '--bind', '127.0.0.1', '--dir', dir], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await expect.poll(() => (child.exitCode === null ? command(port, 'PING') : Promise.reject(new Error(output))), { timeout: 10_000 }).toMatch(/PONG|MASTERDOWN/)
  expect(output).not.toMatch(/FATAL|Bad directive/)
  return port
}

/** The answer to one command, after logging in, unless the password is empty. */
function command(port: number, line: string, password: string = PASSWORD): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(`${password === '' ? '' : `AUTH ${password}\r\n`}${line}\r\nQUIT\r\n`))
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('error', () => resolve(''))
    socket.on('close', () => resolve(answer))
  })
}

test('cache.conf: a cache with a password, a bound, and nothing on disk', async () => {
  const port = await started('cache.conf')
  expect(await command(port, 'CONFIG GET maxmemory')).toContain('536870912')
  expect(await command(port, 'CONFIG GET maxmemory-policy')).toContain('volatile-ttl')
  expect(await command(port, 'CONFIG GET save')).not.toMatch(/\d{4}/)
  expect(await command(port, 'PING', '')).toContain('NOAUTH')
})

test('cluster-node.conf: a node of a cluster, that answers for its slots though others are away', async () => {
  const port = await started('cluster-node.conf', ['--cluster-port', String(await freePort())])
  expect(await command(port, 'INFO cluster')).toContain('cluster_enabled:1')
  // Key a lies in slot 15495. The last slots belong to nobody, as after the loss of a primary.
  await command(port, 'CLUSTER ADDSLOTSRANGE 0 16000')
  await expect.poll(() => command(port, 'CLUSTER INFO'), { timeout: 10_000 }).toContain('cluster_state:ok')
  expect(await command(port, 'SET a 1')).toMatch(/\+OK\r\n\+OK/)
})

test('replica.conf: a replica that does not answer while it is behind', async () => {
  const port = await started('replica.conf', ['--replicaof', '127.0.0.1', String(await freePort())])
  expect(await command(port, 'INFO replication')).toContain('role:slave')
  expect(await command(port, 'GET x')).toContain('MASTERDOWN')
})

test('sentinel.conf: a Sentinel that watches the primary', async () => {
  const port = await freePort()
  const path = localCopy('sentinel.conf')
  // The primary of the file is a name in the cluster's DNS; here it is an address.
  writeFileSync(path, readText('infra/redis/sentinel.conf').replaceAll('/run/secrets/', `${dir}/`).replace('redis-0.redis 6379', '127.0.0.1 6379').replace(/^port .*$/m, `port ${port}`).replace('dir /tmp', `dir ${dir}`).replace(/^bind .*$/m, 'bind 127.0.0.1'))
  const child = spawn(findRedisProgram()!, [path, '--sentinel'], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  await expect.poll(() => command(port, 'SENTINEL MASTERS'), { timeout: 10_000 }).toContain('ballast')
  expect(await command(port, 'SENTINEL MASTER ballast')).toMatch(/quorum\r\n\$1\r\n2/)
})
