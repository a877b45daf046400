import { parseArgs } from 'node:util'
import { SettingsError } from '@ballast/service'
import { withProgress } from './progress.mjs'
import { healthOf } from './stack/health-probe.ts'
import { takenPorts } from './stack/ports.ts'
import { RunRecord } from './stack/run-record.ts'
import { type StackConfig, stackSettings } from './stack/settings.ts'
import { Stack, wantedPorts } from './stack/stack.ts'
import { StatusLine } from './stack/status-line.ts'
import { summaryTable } from './stack/summary-table.ts'

const HELP = `npm start: runs all of Ballast on this machine, with a demo shop under load, until Ctrl-C.

  npm start                  everything
  npm start -- --no-shop     without the demo shop
  npm start -- --help        this text

Environment variables (each app has more: see its README):

${stackSettings.describe().map((row) => `  ${row.variable.padEnd(26)}${row.help} (default: ${row.default === '(empty)' ? 'unset' : row.default})`).join('\n')}
`

/** Says why, in a sentence or two, and ends. */
function refuse(message: string, exitCode: number): never {
  process.stderr.write(`\n${message}\n\n`)
  process.exit(exitCode)
}

function readArguments(): { shop: boolean } {
  try {
    const { values } = parseArgs({ options: { 'no-shop': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
    if (values.help === true) {
      process.stdout.write(HELP)
      process.exit(0)
    }
    return { shop: values['no-shop'] !== true }
  } catch (error) {
    return refuse(`${(error as Error).message} See: npm start -- --help`, 2)
  }
}

function readConfig(): StackConfig {
  try {
    return stackSettings.read(process.env)
  } catch (error) {
    if (error instanceof SettingsError) return refuse(error.message, 2)
    throw error
  }
}

const { shop } = readArguments()
const config = readConfig()
const record = new RunRecord(config.stateDir)

const other = record.runningLauncher()
if (other !== undefined) refuse(`Ballast already runs from this folder (process ${other}); stop it with Ctrl-C where it runs, or set BALLAST_STATE_DIR and the ports to run a second one.`, 1)
if (record.hasLeftovers()) await withProgress('Waiting for what a killed run left behind', () => record.clearLeftovers())
const taken = await takenPorts(wantedPorts(config, shop))
if (taken.length > 0) refuse(taken.join('\n'), 1)
record.add('npm start', process.pid)

let status: StatusLine | undefined
let ending: Promise<void> | undefined

/** Stops everything, once; a second request while stopping gives up on order and ends at once. */
function end(exitCode: number, message?: string): void {
  if (ending !== undefined) {
    if (message === undefined) process.exit(1)
    return
  }
  status?.stop()
  process.stdout.write('\n')
  if (message !== undefined) process.stderr.write(`${message}\n\n`)
  ending = stack.stop().then(() => process.exit(exitCode))
}

const stack = new Stack({
  config,
  shop,
  record,
  onUnexpectedStop: (message) => end(1, message),
  onAlert: (line) => (status === undefined ? process.stdout.write(`${line}\n`) : status.print(line)),
})
process.on('SIGINT', () => end(0))
process.on('SIGTERM', () => end(0))

process.stdout.write('\nBallast\n\n')
const startedAt = performance.now()
try {
  await stack.start()
} catch (error) {
  end(1, (error as Error).message)
  await ending
}

const rows = await Promise.all(
  stack.components.map(async ({ name, url, readyUrl }) => [name, url, readyUrl === undefined ? 'ready' : await healthOf(readyUrl)]),
)
process.stdout.write(`\n${summaryTable([['what', 'where', 'health'], ...rows])}\n\n`)
process.stdout.write(`  Up in ${((performance.now() - startedAt) / 1000).toFixed(1)} s. Logs: ${config.stateDir}/logs. Ctrl-C stops everything.\n`)
if (shop) process.stdout.write(`  Burn a budget: curl -X POST http://127.0.0.1:${config.catalogPort}/faults -H 'content-type: application/json' -d '{"kind":"errors","share":0.5}'\n`)
process.stdout.write('\n')

status = new StatusLine({
  clickhouseUrl: stack.clickhouseUrl,
  clickhouseUser: config.clickhouseUser,
  clickhousePassword: config.clickhousePassword,
  database: config.clickhouseDatabase,
  sloUrl: `http://127.0.0.1:${config.sloPort}`,
  catalogUrl: shop ? `http://127.0.0.1:${config.catalogPort}` : undefined,
})
status.start()
