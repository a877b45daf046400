import { parseArgs } from 'node:util'
import type { Target } from './point.ts'
import { points } from './points.ts'
import { type PointResult, runPoints } from './run-points.ts'

const HELP = `npm run conformance -- --target URL [options]: checks ${points.length} points of OTLP 1.11 against any receiver.

  --target URL           base of OTLP/HTTP, e.g. http://127.0.0.1:4318
  --grpc-target HOST     host and port of OTLP/gRPC, e.g. 127.0.0.1:4317; https://host:port for TLS
  --header NAME=VALUE    sent with every request, such as an API key; may come several times
  --max-body BYTES       the receiver's limit of a body, which is tried (default: 67108864)
  --origin ORIGIN        an origin that the receiver allows browsers to send from
  --json                 one JSON object a line: {"id","group","title","spec","result","reason"}
  --help                 this text

The receiver gets a few spans, log records and data points of the service "conformance". What can only be seen from inside a receiver,
such as how it stores a field, is skipped, with the reason. Exit code: 0 when nothing failed, 1 when something did, 2 for a wrong argument.
`

const options = {
  target: { type: 'string' },
  'grpc-target': { type: 'string' },
  header: { type: 'string', multiple: true },
  'max-body': { type: 'string', default: String(64 * 2 ** 20) },
  origin: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

function refuse(message: string): never {
  process.stderr.write(`${message} See: npm run conformance -- --help\n`)
  process.exit(2)
}

function read(): { target: Target; json: boolean } {
  const { values } = parse()
  if (values.help) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  const { target: url, json } = values
  if (url === undefined || !/^https?:\/\//.test(url) || !URL.canParse(url)) return refuse('--target must be a URL such as http://127.0.0.1:4318.')
  const maxBodyBytes = Number(values['max-body'])
  if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 1024) return refuse('--max-body must be a number of bytes, 1024 or more.')
  const headers = (values.header ?? []).map((header) => /^([^=\s]+)=(.*)$/.exec(header) ?? refuse(`--header ${JSON.stringify(header)} is not NAME=VALUE.`))
  return {
    json,
    target: {
      url: url.replace(/\/$/, ''),
      grpcTarget: values['grpc-target'],
      headers: Object.fromEntries(headers.map(([, name, value]) => [name!.toLowerCase(), value!])),
      maxBodyBytes,
      origin: values.origin,
    },
  }
}

function parse() {
  try {
    return parseArgs({ options })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

function line({ id, group, result, title, reason }: PointResult): string {
  return `  ${String(id).padStart(2)}  ${group.padEnd(8)}  ${result}  ${title}${reason === undefined ? '' : `\n${' '.repeat(22)}${reason}`}\n`
}

const { target, json } = read()
if (!json) process.stdout.write(`\nOTLP conformance of ${target.url}\n\n`)
const results = await runPoints(points, target, (result) => process.stdout.write(json ? `${JSON.stringify(result)}\n` : line(result)))
const count = (result: PointResult['result']): number => results.filter((each) => each.result === result).length
if (!json) process.stdout.write(`\n  ${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped\n\n`)
process.exit(count('fail') === 0 ? 0 : 1)
