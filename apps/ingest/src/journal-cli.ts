import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createClickHouse, readNativeBlocks } from '@ballast/clickhouse'
import { SettingsError } from '@ballast/service'
import { type IngestConfig, settings } from './config.ts'
import { planInserts } from './delivery/insert-plan.ts'
import { SegmentInserter } from './delivery/segment-inserter.ts'
import { type JournalFiles, journalFiles } from './journal/journal-files.ts'
import { lockJournal } from './journal/journal-lock.ts'
import { readSegment } from './journal/segment.ts'
import { parseSegmentName } from './journal/segment-name.ts'

const HELP = `Looks into the journal of ingest, whose folder is INGEST_JOURNAL_DIR (default: .ballast/ingest).

  ls                 the segments, oldest first
  verify             reads every record of every segment; exit code 1 when something is damaged
  cat SEGMENT        its records, one JSON object a line; --rows adds the rows themselves
  export FOLDER      what each segment would insert, as files to be inserted by other means
  replay             inserts every segment into CLICKHOUSE_URL, oldest first, and removes it; ingest must be stopped

  verify, cat and export change nothing, and may run beside ingest. A damaged segment is never removed.
`

type Environment = Readonly<Record<string, string | undefined>>

/** One command over the files of a journal; returns its exit code. */
type Command = (files: JournalFiles, config: IngestConfig, args: readonly string[], options: { readonly rows: boolean }) => Promise<number>

const commands: Readonly<Record<string, Command>> = {
  async ls(files) {
    for (const { name, bytes, segment } of await segmentsOf(files)) print(`${name}\t${bytes} bytes\t${new Date(segment.createdAtMs).toISOString()}`)
    return 0
  },

  async verify(files) {
    let damaged = 0
    let count = 0
    for (const { name, segment } of await segmentsOf(files)) {
      const { records, damage } = await readSegment(files, name)
      count += records.length
      // The end of an open segment may be a write that is under way.
      const wrong = damage.filter(({ atEnd }) => segment.state !== 'open' || !atEnd)
      damaged += wrong.length
      for (const { offset, bytes } of wrong) print(`${name}: ${bytes} bytes at ${offset} cannot be read`)
    }
    print(`${count} records can be read; ${damaged === 0 ? 'nothing is' : `${damaged} places are`} damaged`)
    return damaged === 0 ? 0 : 1
  },

  async cat(files, _config, [id = ''], { rows }) {
    const found = (await segmentsOf(files)).find(({ name, segment }) => name === id || segment.id === id)
    if (found === undefined) return fail(`no segment ${JSON.stringify(id)}; see ls.`, 1)
    const { records } = await readSegment(files, found.name)
    for (const { sequence, acceptedAtMs, tenantId, signal, blocks } of records) {
      const tables = blocks.map(({ table, format, rows: count, body }) => ({ table, rows: count, bytes: body.length, ...(rows && format === 'Native' ? { values: readNativeBlocks(Buffer.from(body)) } : {}) }))
      const line = { sequence, acceptedAt: new Date(acceptedAtMs).toISOString(), tenantId, signal, tables }
      print(JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    }
    return 0
  },

  async export(files, _config, [folder]) {
    if (folder === undefined) return fail('export needs a folder.', 2)
    mkdirSync(folder, { recursive: true })
    for (const { name, segment } of await segmentsOf(files)) {
      const { records } = await readSegment(files, name)
      for (const { blocks, token } of planInserts(segment.id, records)) {
        const { table, format, columns } = blocks[0]!
        const file = join(folder, `${token}.${table}.${format}`)
        writeFileSync(file, Buffer.concat(blocks.map((block) => block.body)))
        print(`${file}\tINSERT INTO ${table} (${columns.map((column) => `\`${column}\``).join(', ')}) SETTINGS insert_deduplication_token = '${token}' FORMAT ${format}`)
      }
    }
    return 0
  },

  async replay(files, config) {
    const unlock = lockJournal(config.journalDir)
    const { clickhouseUrl: url, clickhouseDatabase: database, clickhouseUser: username, clickhousePassword: password } = config
    const store = createClickHouse({ url, database, username, password, application: 'ballast-journal' })
    const counters = { inserted: () => undefined, stored: () => undefined, rejected: () => undefined, quarantineLost: () => undefined, viewRefused: () => undefined }
    const inserter = new SegmentInserter({ store, counters, timeoutMs: config.insertTimeoutMs, now: () => Date.now(), signal: new AbortController().signal, onViewRefused: ({ message }) => void process.stderr.write(`${message}\n`) })
    try {
      for (const { name, segment } of await segmentsOf(files)) {
        const { records, damage } = await readSegment(files, name)
        await inserter.insert(segment.id, records, new Set())
        const whole = damage.length === 0 || (segment.state === 'open' && damage.every(({ atEnd }) => atEnd))
        if (whole) await files.remove(name)
        else if (segment.state !== 'corrupt') await files.rename(name, `${segment.id}.corrupt`)
        print(`${name}\t${records.length} records stored${whole ? '' : '; damaged, kept'}`)
      }
      return 0
    } finally {
      await store.close()
      unlock()
    }
  },
}

async function segmentsOf(files: JournalFiles) {
  const listed = (await files.list()).flatMap(({ name, bytes }) => {
    const segment = parseSegmentName(name)
    // One without bytes is the next one, made in advance.
    return segment === undefined || bytes === 0 ? [] : [{ name, bytes, segment }]
  })
  return listed.toSorted((a, b) => a.segment.sequence - b.segment.sequence)
}

/** Runs the command; returns its exit code: 0 done, 1 failed or damaged, 2 wrong arguments. */
async function run(args: readonly string[], env: Environment): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { help: { type: 'boolean', short: 'h' }, rows: { type: 'boolean', default: false } } })
    const [name = '', ...rest] = positionals
    if (values.help === true) return print(HELP)
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined) return fail(`${name === '' ? 'no command' : `unknown command ${name}`}; see --help.`, 2)
    const config = settings.read(env)
    return await command(await journalFiles(config.journalDir), config, rest, { rows: values.rows })
  } catch (error) {
    const wrongArguments = error instanceof SettingsError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
    return fail((error as Error).message, wrongArguments ? 2 : 1)
  }
}

function print(text: string): 0 {
  process.stdout.write(`${text.trimEnd()}\n`)
  return 0
}

function fail(message: string, code: number): number {
  process.stderr.write(`${message}\n`)
  return code
}

// oxlint-disable-next-line no-process-env -- the entry point of a command
process.exitCode = await run(process.argv.slice(2), process.env)
