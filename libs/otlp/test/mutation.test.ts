import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type OtlpEncoding, OtlpError, type Transcoded, transcodeLogs, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { RandomJson } from './json/random-json.ts'
import { mutated } from './mutation.ts'
import { oracle } from './oracle/decoded.ts'
import { Random } from './oracle/random.ts'
import { RandomRequests } from './oracle/random-requests.ts'

const SIGNALS = {
  traces: { name: 'TracesRequest', transcode: transcodeTraces },
  logs: { name: 'LogsRequest', transcode: transcodeLogs },
  metrics: { name: 'MetricsRequest', transcode: transcodeMetrics },
} as const
type Signal = keyof typeof SIGNALS

const long = process.env['BALLAST_TEST_LONG'] === '1'
/** Of each signal in each encoding; 60 MB together in the long run. */
const FUZZED_BYTES = long ? 10_000_000 : 600_000

const refusals: Readonly<Record<OtlpEncoding, readonly string[]>> = {
  protobuf: ['INVALID_PROTOBUF', 'INVALID_UTF8', 'WRONG_ENDPOINT', 'NESTED_TOO_DEEP'],
  json: ['INVALID_JSON', 'INVALID_UTF8', 'WRONG_SHAPE', 'WRONG_ENDPOINT', 'NESTED_TOO_DEEP'],
}

/** What a transcoder makes of a body: its result, or the code of its refusal. Any other error passes. */
function outcome(signal: Signal, encoding: OtlpEncoding, body: Uint8Array): Transcoded | string {
  try {
    return SIGNALS[signal].transcode(body, { encoding, tenantId: 't', receivedAtUnixNano: 1n })
  } catch (error) {
    if (error instanceof OtlpError) return error.code
    throw error
  }
}

/** What is wrong with an outcome. */
function fault(signal: Signal, encoding: OtlpEncoding, body: Buffer): string | undefined {
  const result = outcome(signal, encoding, body)
  // The same body with other bytes around it, which must not show.
  const surrounded = Buffer.concat([Buffer.from('"]}'), body, Buffer.from('"]}\\}]}')])
  const again = outcome(signal, encoding, surrounded.subarray(3, 3 + body.length))
  if (encoding === 'json' && body.length > 0) {
    const code = typeof result === 'string' ? result : ''
    const invalid = code === 'INVALID_JSON' || code === 'INVALID_UTF8'
    // A wrong shape may show before what is not JSON does.
    if (isJson(body) ? invalid : !invalid && code !== 'WRONG_SHAPE') return `JSON.parse and we disagree: ${code}`
  }
  if (typeof result === 'string') return again !== result ? 'it differs the second time' : refusals[encoding].includes(result) ? undefined : `it is refused as ${result}`
  if (typeof again === 'string' || !bytesOf(again).equals(bytesOf(result))) return 'it differs the second time'
  if (rowsOf(result).length !== result.rows || result.rejects.length !== result.rejected.count) return 'the counts are wrong'
  return encoding === 'json' && result.rejects.some(({ raw }) => !isJson(raw)) ? 'what is kept of a record is not JSON' : undefined
}

function isJson(bytes: Uint8Array): boolean {
  if (!isUtf8(bytes)) return false
  try {
    JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
    return true
  } catch {
    return false
  }
}

describe.each(['traces', 'logs', 'metrics'] as const)('%s', (signal) => {
  test.each(['json', 'protobuf'] as const)('in %s whose bytes were changed are read or refused: never beyond the end, never torn, always the same', (encoding) => {
    let fuzzed = 0
    for (let seed = 1; fuzzed < FUZZED_BYTES; seed++) {
      const requests = new RandomRequests(seed)
      const message = requests[signal]()
      const good = encoding === 'json' ? new RandomJson(requests.random).request(SIGNALS[signal].name, message) : Buffer.from(oracle[signal].encode(message).finish())
      for (let round = 0; round < 10; round++) {
        const body = mutated(good, new Random(seed * 10 + round))
        const wrong = fault(signal, encoding, body)
        // To be kept in the folder of regressions.
        if (wrong !== undefined) throw new Error(`${wrong}: ${body.toString('base64')}`)
        fuzzed += body.length
      }
    }
    expect(fuzzed).toBeGreaterThanOrEqual(FUZZED_BYTES)
  }, long ? 1_800_000 : 60_000)
})

const folder = new URL('regressions/', import.meta.url)

test.each(readdirSync(folder))('%s, which was hard once, is read or refused as it should be', (file) => {
  const [signal, encoding, , outcomeName] = file.split('.') as [Signal, OtlpEncoding, string, string]
  const body = readFileSync(new URL(file, folder))
  const result = outcome(signal, encoding, body)
  expect(typeof result === 'string' ? result : `${result.rows}-stored-${result.rejected.count}-rejected`).toBe(outcomeName)
  expect(fault(signal, encoding, body)).toBeUndefined()
})
