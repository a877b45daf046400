import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ClickHouse, createClickHouse, migrate } from '@ballast/clickhouse'
import { transcodeTraces } from '@ballast/otlp'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { Journal } from '../src/journal/journal.ts'
import { journalFiles } from '../src/journal/journal-files.ts'
import { lockJournal } from '../src/journal/journal-lock.ts'
import { span, traces } from './otlp-server.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'ballast-journal-cli-'))
const journalDir = join(dir, 'journal')
const database = `journal_cli_${process.pid}`
let clickhouse: ClickHouse

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], INGEST_JOURNAL_DIR: journalDir, CLICKHOUSE_URL: inject('clickhouseUrl'), CLICKHOUSE_DATABASE: database }
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, ['--conditions=@ballast/source', 'apps/ingest/src/journal-cli.ts', ...args], { cwd: root, env })) }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}

/** Puts one request with a span of each name into a segment of its own. */
async function accept(journal: Journal, ...names: string[]): Promise<void> {
  const now = `${Date.now()}000000`
  const body = Buffer.from(traces(...names.map((name) => span(name, { startTimeUnixNano: now, endTimeUnixNano: now }))))
  const { blocks } = transcodeTraces(body, { encoding: 'json', tenantId: 'acme', receivedAtUnixNano: 1n })
  expect(await journal.append({ tenantId: 'acme', signal: 'traces', digest: Buffer.from(names.join(',').padEnd(16).slice(0, 16)), blocks, isAwaited: () => true })).toMatchObject({ kind: 'accepted' })
}

const segments = (): string[] => readdirSync(journalDir).filter((name) => /\.(segment|open|corrupt)$/.test(name)).toSorted()

beforeAll(async () => {
  clickhouse = createClickHouse({ url: inject('clickhouseUrl'), database })
  await migrate({ client: clickhouse })
  const journal = await Journal.open({ files: await journalFiles(journalDir), maxBytes: 2 ** 30, maxAgeMs: 60_000, segment: { maxRows: 100, maxBytes: 2 ** 20, maxAgeMs: 60_000 }, now: () => Date.now() })
  for (const names of [['first', 'second'], ['third'], ['broken']]) {
    await accept(journal, ...names)
    if (names[0] === 'broken') await accept(journal, 'beside it')
    await journal.flush()
  }
  await journal.close()
  // A flipped bit in the first record of the last segment.
  const file = join(journalDir, segments()[2]!)
  const bytes = readFileSync(file)
  bytes[200]! ^= 1
  writeFileSync(file, bytes)
})

afterAll(async () => {
  const admin = clickhouse.withDatabase('default')
  await admin.command({ query: `DROP DATABASE IF EXISTS ${database}` })
  await Promise.all([admin.close(), clickhouse.close()])
  rmSync(dir, { recursive: true })
})

describe('the journal by hand', () => {
  test('ls, verify, cat and export look without changing anything', async () => {
    const before = segments()
    const [ls, verify, cat, exported] = await Promise.all([run('ls'), run('verify'), run('cat', before[0]!, '--rows'), run('export', join(dir, 'out'))])
    expect(ls.stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t')[0])).toEqual(before)
    expect([verify.code, verify.stdout]).toEqual([1, expect.stringMatching(new RegExp(`^${before[2]}: \\d+ bytes at \\d+ cannot be read\n3 records can be read; 1 places are damaged`))])
    const line = JSON.parse(cat.stdout) as { tenantId: string; tables: { table: string; rows: number; values: { columns: { name: string; values: unknown[] }[] }[] }[] }
    expect(line).toMatchObject({ tenantId: 'acme', signal: 'traces', tables: [{ table: 'otel_traces', rows: 2 }] })
    expect(line.tables[0]!.values[0]!.columns.find(({ name }) => name === 'SpanName')!.values).toEqual(['first', 'second'])
    expect(exported.stdout.match(/INSERT INTO otel_traces .* SETTINGS insert_deduplication_token = '/g)).toHaveLength(3)
    expect(readdirSync(join(dir, 'out'))).toHaveLength(3)
    expect(segments()).toEqual(before)
  })

  test('replay waits for ingest to be stopped, then stores every segment once and keeps what is damaged', async () => {
    const unlock = lockJournal(journalDir)
    expect(await run('replay')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^the journal in .* is used by process \d+/) as string })
    unlock()
    const [, , damaged] = segments()
    expect(await run('replay')).toMatchObject({ code: 0, stdout: expect.stringMatching(/1 records stored; damaged, kept/) as string })
    expect(segments()).toEqual([damaged!.replace('.segment', '.corrupt')])
    // What is kept can be sent again, and counts once.
    expect((await run('replay')).code).toBe(0)
    expect(await clickhouse.query({ query: 'SELECT SpanName AS name, toUInt32(count()) AS n FROM otel_traces GROUP BY name ORDER BY name' })).toEqual([{ name: 'beside it', n: 1 }, { name: 'first', n: 1 }, { name: 'second', n: 1 }, { name: 'third', n: 1 }])
  })

  test('explains itself, and says in a sentence what is wrong', async () => {
    const [help, unknown, missing] = await Promise.all([run('--help'), run('shred'), run('cat', 'nothing')])
    expect([help.code, help.stdout]).toEqual([0, expect.stringMatching(/^Looks into the journal/)])
    expect([unknown.code, unknown.stderr]).toEqual([2, 'unknown command shred; see --help.\n'])
    expect([missing.code, missing.stderr]).toEqual([1, 'no segment "nothing"; see ls.\n'])
  })
})
