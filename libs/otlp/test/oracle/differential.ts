import { isDeepStrictEqual } from 'node:util'
import { type NativeValue, readNativeBlocks } from '@ballast/clickhouse'
import type { Transcoded, TranscodeOptions } from '../../src/index.ts'
import type { RequestName } from '../otlp-messages.ts'
import { oracle, type Request } from './decoded.ts'
import { type Expected, RECEIVED_AT } from './expected.ts'
import { Random } from './random.ts'
import { RandomRequests, spoil } from './random-requests.ts'
import { scrambled } from './scrambled.ts'

/** One signal: our transcoder, and the rules of its columns said once more. */
export interface Signal {
  readonly signal: 'traces' | 'logs' | 'metrics'
  readonly name: RequestName
  readonly transcode: (body: Uint8Array, options: TranscodeOptions) => Transcoded
  readonly rules: (request: Request, tenantId: string) => Expected
}

const TENANT = 'acme'
const options = { encoding: 'protobuf', tenantId: TENANT, receivedAtUnixNano: RECEIVED_AT } as const

/**
 * Sends `records` random records through the transcoder and compares every column with what the oracle's decoder and the rules
 * give. Each request is written in three ways; the oracle reads the first, and the others have parts that it does not merge.
 *
 * @returns how many of the records were rejected.
 * @throws Error with the seed and the first difference.
 */
export function compareWithOracle({ signal, name, transcode, rules }: Signal, records: number): number {
  let seen = 0
  let rejected = 0
  for (let seed = 1; seen < records; seed++) {
    const random = new Random(seed)
    const below = (bound: number): number => random.below(bound)
    const canonical = spoil(Buffer.from(oracle[signal].encode(new RandomRequests(seed)[signal]()).finish()))
    const whole = scrambled(name, canonical, below, { split: false })
    const expected = rules(oracle[signal].decode(whole), TENANT)
    const split = (): Buffer => scrambled(name, canonical, below, { split: true })
    for (const bytes of [whole, split(), split()]) {
      const actual = transcode(bytes, options)
      const problem = difference(actual, expected)
      if (problem !== undefined) throw new Error(`seed ${seed}, ${bytes === whole ? 'whole' : 'split'}: ${problem}`)
      seen += actual.rows + actual.rejected.count
      rejected += actual.rejected.count
    }
  }
  return rejected
}

/** The first thing that differs. */
function difference({ blocks, rejects, warnings }: Transcoded, expected: Expected): string | undefined {
  if (blocks.length !== expected.tables.size) return `${blocks.length} blocks instead of ${expected.tables.size}`
  for (const { table, body, rows } of blocks) {
    const wanted = expected.tables.get(table) ?? []
    if (rows !== wanted.length) return `${table} has ${rows} rows instead of ${wanted.length}`
    const [block] = readNativeBlocks(body)
    if (block!.columns.length !== Object.keys(wanted[0]!).length) return `${table} has ${block!.columns.length} columns instead of ${Object.keys(wanted[0]!).length}`
    for (const column of block!.columns) {
      for (let row = 0; row < rows; row++) {
        const value = column.values[row]
        const want = wanted[row]![column.name]
        if (!isEqual(value, want)) return `${table}.${column.name} of row ${row} is ${shown(value)} instead of ${shown(want)}`
      }
    }
  }
  if (rejects.length !== expected.rejects.length) return `${rejects.length} rejected instead of ${expected.rejects.length}`
  const wrong = rejects.find(({ reason }, index) => !expected.rejects[index]!.has(reason))
  if (wrong !== undefined) return `a record was rejected because of ${wrong.reason}: ${wrong.detail}`
  const noticed = Object.fromEntries(warnings)
  return isDeepStrictEqual(noticed, expected.warnings) ? undefined : `the warnings are ${shown(noticed)} instead of ${shown(expected.warnings)}`
}

/** A test framework's comparison would take longer than all the rest. */
function isEqual(a: NativeValue | undefined, b: NativeValue | undefined): boolean {
  if (!Array.isArray(a)) return Object.is(a, b)
  return Array.isArray(b) && a.length === b.length && a.every((item: NativeValue, index) => isEqual(item, b[index] as NativeValue))
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : typeof item === 'number' ? String(item) : item))
}
