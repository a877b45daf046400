import { parseArgs } from 'node:util'
import { createClickHouse } from '@ballast/clickhouse'
import { ServiceError } from '@ballast/service'
import { readTierCatalog } from './burn/tier-catalog.ts'
import { backfill } from './commands/backfill.ts'
import type { CommandContext, CommandResult } from './commands/command.ts'
import { gate } from './commands/gate.ts'
import { lint } from './commands/lint.ts'
import { offenders } from './commands/offenders.ts'
import { plan } from './commands/plan.ts'
import { report } from './commands/report.ts'
import { simulate } from './commands/simulate.ts'
import { suggest } from './commands/suggest.ts'
import { settings } from './config.ts'
import { SloError } from './errors.ts'
import { ObjectiveFolder } from './openslo/objective-folder.ts'

const HELP = `npm run slo -- <command> [options]

  lint       checks the files; says when each tier finds a total outage and when it clears
  plan       what is measured for each objective, what of it is there already, what it costs
  backfill   measures the past again
  simulate   replays what was measured against the rules of now, or against --target
  suggest    tries the usual targets on what was measured
  offenders  which tenants, operations or values of an attribute have the bad events
  report     what objectives did over the last days
  gate       whether a release may go out: exit code 0 open, 1 closed, 3 unknown

  --slo NAME        one SLO, or one of its objectives (default: all)
  --dir DIR         folder of the OpenSLO files (default: SLO_DIR)
  --days N          days to look back (default: 28)
  --target T        simulate: another target, such as 0.995
  --min-budget S    gate: share of the budget that must be left (default: 0)
  --by GROUP        offenders: tenant, operation or attributes.NAME (default: tenant)
  --url URL         gate: the engine (default: http://127.0.0.1:9095)
  --json            the answer as JSON
  --help            this text

ClickHouse is that of the engine's settings: CLICKHOUSE_URL and so on. Exit codes: 0 done, 1 something is wrong, 2 wrong arguments.
`

const commands: Readonly<Record<string, (context: CommandContext) => CommandResult | Promise<CommandResult>>> = { lint, plan, backfill, simulate, suggest, offenders, report, gate }
/** Commands that can be used while files have errors: the others would answer for something else than what is written. */
const TOLERANT = new Set(['lint', 'gate'])

const options = {
  slo: { type: 'string' },
  dir: { type: 'string' },
  days: { type: 'string', default: '28' },
  target: { type: 'string' },
  'min-budget': { type: 'string', default: '0' },
  by: { type: 'string', default: 'tenant' },
  url: { type: 'string', default: 'http://127.0.0.1:9095' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Runs a command line; returns its exit code. */
async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [name = '', ...more] = positionals
  const command = commands[name]
  if (values.help || (name === '' && more.length === 0)) return print(HELP)
  if (command === undefined || more.length > 0) throw new SloError('OPTION_INVALID', `there is no command ${positionals.join(' ')}; there are: ${Object.keys(commands).join(', ')}.`)
  const config = settings.read(env)
  const catalog = readTierCatalog(config.tiersFile)
  const set = await new ObjectiveFolder(values.dir ?? config.dir, catalog).read()
  if (!TOLERANT.has(name) && set.problems.some(({ level }) => level === 'error')) throw new SloError('OPTION_INVALID', 'the files have errors; run: npm run slo -- lint')
  const clickhouse = createClickHouse({ url: config.clickhouseUrl, database: config.clickhouseDatabase, username: config.clickhouseUser, password: config.clickhousePassword, requestTimeoutMs: config.queryTimeoutMs, application: 'ballast-slo-cli' })
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  try {
    const result = await command({
      options: { slo: values.slo, days: number(values.days, 'days', 1, 800), target: values.target, minBudget: number(values['min-budget'], 'min-budget', -100, 1), url: values.url, by: values.by },
      config,
      catalog,
      set,
      clickhouse,
      signal: interrupted.signal,
      now: Date.now,
      progress: (line) => void process.stderr.write(`${line}\n`),
    })
    print(values.json ? `${JSON.stringify(result.data, null, 2)}\n` : `${result.lines.join('\n')}\n`)
    return result.exitCode ?? 0
  } finally {
    await clickhouse.close()
  }
}

function number(text: string, option: string, min: number, max: number): number {
  const value = Number(text)
  if (text !== '' && value >= min && value <= max) return value
  throw new SloError('OPTION_INVALID', `--${option} is ${JSON.stringify(text)}; allowed: a number from ${min} to ${max}.`)
}

function print(text: string): 0 {
  process.stdout.write(text)
  return 0
}

try {
  process.exitCode = await run(process.argv.slice(2), process.env)
} catch (error) {
  const wrongUse = error instanceof TypeError || error instanceof ServiceError || (error instanceof SloError && ['OPTION_INVALID', 'OBJECTIVE_NOT_FOUND'].includes(error.code))
  process.stderr.write(`${(error as Error).message}\n${wrongUse ? 'See: npm run slo -- --help\n' : ''}`)
  process.exitCode = wrongUse ? 2 : 1
}
