// Makes a fresh clone ready: runs before `npm start`, `npm test` and `npm run bench`.
// Plain JavaScript for Node 20, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withProgress } from './progress.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const installedStamp = join(root, 'node_modules', '.ballast-lock-sha256')

/** Ends the preparation with one sentence that says what to do. */
function refuse(sentence) {
  process.stderr.write(`\n${sentence}\n\n`)
  process.exit(1)
}

/** npm waits five minutes for a registry that has gone silent; a shorter wait and another try get further. */
const npmPatience = { npm_config_fetch_timeout: '60000', npm_config_fetch_retries: '4' }

/** Runs a command and collects the end of its output. */
function run(command, args) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(command, args, { cwd: root, env: { ...npmPatience, ...process.env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const collect = (chunk) => (output = (output + chunk).slice(-8000))
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

function checkMachine() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) refuse(`Ballast needs Node 20 or newer to start (it then brings Node 24 itself); this is ${process.version}.`)
  const supported = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
  const platform = `${process.platform}-${process.arch}`
  if (!supported.includes(platform) && !process.env.CLICKHOUSE_URL) {
    refuse(`Embedded ClickHouse does not exist for ${platform} (only ${supported.join(', ')}); set CLICKHOUSE_URL to a ClickHouse server (on Windows: use WSL2).`)
  }
}

async function installPackages() {
  const lockSha256 = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
  if (existsSync(installedStamp) && readFileSync(installedStamp, 'utf8') === lockSha256) return
  // Inside an npm script npm_execpath is npm itself; outside of one, npm is on PATH.
  const npm = process.env.npm_execpath
  const [command, args] = npm === undefined ? ['npm', []] : [process.execPath, [npm]]
  const { ok, output } = await withProgress('Installing packages (npm ci)', () => run(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error']))
  if (!ok) refuse(`npm ci failed:\n${output.trim()}`)
  writeFileSync(installedStamp, lockSha256)
}

function onPath(program) {
  const { error, status } = spawnSync(program, ['--version'], { stdio: 'ignore' })
  return error === undefined && status === 0
}

async function provideRedis() {
  if (process.env.REDIS_URL || onPath('redis-server') || onPath('valkey-server')) return
  const isRoot = process.getuid?.() === 0
  if (!isRoot || !onPath('apt-get')) {
    refuse('Ballast needs Redis and found neither redis-server nor valkey-server on PATH: install one (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), or set REDIS_URL to one that runs.')
  }
  await withProgress('Reading the list of Debian packages (apt-get update)', () => run('apt-get', ['update']))
  const { ok, output } = await withProgress('Installing Redis (apt-get install redis-server)', () => run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server']))
  if (!ok || !onPath('redis-server')) refuse(`Redis could not be installed by apt-get; install redis-server yourself, or set REDIS_URL to one that runs. apt-get said:\n${output.trim()}`)
}

checkMachine()
await installPackages()
await provideRedis()
