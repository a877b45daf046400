import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { builtInRules, CardinalityGuard, createRedaction, OtlpError, type Transcoded, type TranscodeOptions } from '../src/index.ts'
import { sharedKernel } from '../src/kernel/kernel.ts'
import { plainLogs } from '../src/kernel/plain-logs.ts'
import { plainSpans } from '../src/kernel/plain-spans.ts'
import { LogWriter } from '../src/protobuf/log-writer.ts'
import { SpanWriter } from '../src/protobuf/span-writer.ts'
import { transcodeProtobuf } from '../src/protobuf/transcode-protobuf.ts'
import { mutated } from './mutation.ts'
import { oracle } from './oracle/decoded.ts'
import { PlainRequests } from './oracle/plain-requests.ts'
import { Random } from './oracle/random.ts'

const long = process.env['BALLAST_TEST_LONG'] === '1'
const REQUESTS = long ? 100_000 : 1_500
const TIMEOUT_MS = long ? 1_800_000 : 60_000

const redaction = createRedaction({
  rules: [
    { name: 'password', keys: ['password'], action: 'mask' },
    { name: 'session', keys: ['session.*'], action: 'drop' },
    { name: 'user', keys: ['user.id'], action: 'pseudonymise' },
    builtInRules.email,
    builtInRules.card_number,
  ],
  pseudonymSecret: 'a secret of the tests',
})
const dropping = createRedaction({ rules: [{ name: 'mail', valuePattern: '[a-z]+@example\\.com', contains: ['@'], action: 'drop' }] })

/** Nanoseconds of the middle of what the requests hold. */
const MIDDLE = 395_816_001n << 32n

function optionsOf(seed: number): TranscodeOptions {
  const random = new Random(seed)
  return {
    encoding: 'protobuf',
    tenantId: random.pick(['acme', 'other']),
    receivedAtUnixNano: 1n,
    redaction: random.pick([undefined, redaction, redaction, dropping]),
    limits: random.pick([undefined, undefined, { maxValueBytes: 100, maxBodyBytes: 40 }, { maxAttributes: 6 }]),
    times: random.pick([undefined, { oldestUnixNano: 1n, lateBeforeUnixNano: MIDDLE, newestUnixNano: MIDDLE * 2n }, { oldestUnixNano: MIDDLE, newestUnixNano: MIDDLE * 2n }]),
    cardinality: random.oneIn(3) ? new CardinalityGuard({ maxValues: random.pick([2, 100]) }) : undefined,
  }
}

const signals = {
  traces: { plain: plainSpans(sharedKernel()), reference: new SpanWriter(), product: new SpanWriter(plainSpans(sharedKernel())) },
  logs: { plain: plainLogs(sharedKernel()), reference: new LogWriter(), product: new LogWriter(plainLogs(sharedKernel())) },
} as const

/** What a writer makes of a request: its result, or why it is refused. */
function outcome(body: Uint8Array, writer: SpanWriter | LogWriter, options: TranscodeOptions): Transcoded | string {
  try {
    return transcodeProtobuf(body, writer, options)
  } catch (error) {
    if (error instanceof OtlpError) return `${error.code} ${error.message}`
    throw error
  }
}

describe.each(['traces', 'logs'] as const)('%s', (signal) => {
  const { plain, reference, product } = signals[signal]

  test('that are plain give the bytes, counts and warnings that the writer of records gives', () => {
    let taken = 0
    for (let seed = 1; seed <= REQUESTS; seed++) {
      const body = Buffer.from(oracle[signal].encode(new PlainRequests(seed)[signal]()).finish())
      const byKernel = plain.transcode(body, optionsOf(seed), new Map())
      if (byKernel === undefined) continue
      taken++
      const byWriter = transcodeProtobuf(body, reference, optionsOf(seed))
      if (!isDeepStrictEqual(byKernel, byWriter)) throw new Error(`seed ${seed}: ${difference(byKernel, byWriter)}`)
    }
    // Else the random requests, or the kernel, have gone astray.
    expect(taken).toBeGreaterThan(REQUESTS / 4)
  }, TIMEOUT_MS)

  test('whose bytes were changed have the same outcome with the kernel as without', () => {
    let refused = 0
    for (let seed = 1; seed <= REQUESTS; seed++) {
      const body = mutated(Buffer.from(oracle[signal].encode(new PlainRequests(seed)[signal]()).finish()), new Random(seed))
      const [byKernel, byWriter] = [outcome(body, product, optionsOf(seed)), outcome(body, reference, optionsOf(seed))]
      if (!isDeepStrictEqual(byKernel, byWriter)) throw new Error(`seed ${seed}: ${difference(byKernel, byWriter)}`)
      if (typeof byKernel === 'string') refused++
    }
    expect(refused).toBeGreaterThan(REQUESTS / 100)
    expect(refused).toBeLessThan(REQUESTS)
  }, TIMEOUT_MS)
})

function difference(actual: Transcoded | string, expected: Transcoded | string): string {
  if (typeof actual === 'string' || typeof expected === 'string') return `${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`
  const [one, other] = [actual.blocks[0]?.body ?? Buffer.alloc(0), expected.blocks[0]?.body ?? Buffer.alloc(0)]
  const at = one.findIndex((byte, index) => byte !== other[index])
  const around = (body: Uint8Array): string => JSON.stringify(Buffer.from(body.subarray(Math.max(0, at - 24), at + 24)).toString('latin1'))
  if (at !== -1 || one.length !== other.length) return `the block differs at byte ${at} of ${one.length} (${other.length}): ${around(one)} instead of ${around(other)}`
  return `${JSON.stringify({ ...actual, blocks: [], warnings: [...actual.warnings], redactions: [...actual.redactions] })} instead of ${JSON.stringify({ ...expected, blocks: [], rejects: [], warnings: [...expected.warnings], redactions: [...expected.redactions] })}`
}
