import { globSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort } from './stack/free-port.ts'
import { startRedis } from './stack/redis.ts'
import { summaryTable } from './stack/summary-table.ts'
import type { BenchRow } from './bench-row.ts'

/** What a file `bench/<name>.bench.ts` of a package exports as `bench`. */
interface Bench {
  readonly name: string
  readonly summary: string
  run(context: { quick: boolean; report: (row: BenchRow) => void; redisUrl: string }): Promise<void>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const files = globSync(['{libs,apps}/*/bench/*.bench.ts', 'dashboards/bench/*.bench.ts'], { cwd: root }).toSorted()
const benches = new Map<string, Bench>()
for (const file of files) {
  const { bench } = (await import(pathToFileURL(join(root, file)).href)) as { bench: Bench }
  benches.set(bench.name, bench)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
})
const list = [...benches.values()].map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')
const HELP = `npm run bench -- <name> [--quick] [--json]

Measures one claim against named competitors in the same run. Claims are ratios; absolute numbers are context.

${list}

  --quick   within 45 seconds
  --json    one JSON object a line: {"bench","case","subject","value","unit","ratio","against"}
`
const [name] = positionals
const bench = name === undefined ? undefined : benches.get(name)
if (values.help || bench === undefined) {
  const known = values.help || name === undefined
  ;(known ? process.stdout : process.stderr).write(known ? HELP : `There is no benchmark ${name}; there are: ${[...benches.keys()].join(', ')}.\n`)
  process.exit(known ? 0 : 2)
}

const dir = await mkdtemp(join(tmpdir(), 'ballast-bench-'))
const redis = await startRedis(await freePort(), dir)
const rows: BenchRow[] = []
try {
  await bench.run({
    quick: values.quick,
    redisUrl: redis.url,
    report(row) {
      rows.push(row)
      if (values.json) process.stdout.write(`${JSON.stringify({ bench: bench.name, ...row })}\n`)
    },
  })
} finally {
  await redis.stop()
  await rm(dir, { recursive: true, force: true })
}
if (!values.json) {
  const cells = rows.map((row) => [row.case, row.subject, row.value.toLocaleString('en', { maximumFractionDigits: 1 }), row.unit, row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} x ${row.against}`])
  process.stdout.write(`\n${bench.summary}\n\n${summaryTable([['case', 'subject', 'value', 'unit', 'ours'], ...cells])}\n\n`)
}
process.exit(0)
