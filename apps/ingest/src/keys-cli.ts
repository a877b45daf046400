import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createCache } from '@ballast/cache'
import { createClickHouse } from '@ballast/clickhouse'
import { SettingsError } from '@ballast/service'
import { type IngestConfig, settings } from './config.ts'
import type { Signal } from './otlp-http/signal.ts'
import { type ApiKey, hashKey, isOrigin, newKey, SIGNALS, TENANT_NAME } from './tenants/api-key.ts'
import { CachedKeys, KEYS_NAMESPACE } from './tenants/cached-keys.ts'
import { readKeyFile, writeKeyFile } from './tenants/key-file.ts'
import { KeyTable } from './tenants/key-table.ts'

const HELP = `API keys of ingest: in the file INGEST_API_KEYS_FILE when that is set, else in the table ballast_api_keys of CLICKHOUSE_URL.

  add TENANT         makes a key, and prints it: it is nowhere else, and cannot be shown again
    --name TEXT      where it is used, for people
    --signals LIST   what may be sent with it, such as traces,logs (default: everything)
    --origins LIST   pages that may use it, such as https://shop.example: a key for browsers
    --expires TIME   when it ends, in RFC 3339
  list               tenant, name, first digits of the hash, and limits of each key
  revoke HASH        ends the key whose hash begins so; at least 8 digits

  Ingest knows within a second of a change in the file, within ten of one in the table, at once with REDIS_URL set for both.
`

type Environment = Readonly<Record<string, string | undefined>>

const OPTIONS = { help: { type: 'boolean', short: 'h' }, name: { type: 'string', default: '' }, signals: { type: 'string', default: '' }, origins: { type: 'string', default: '' }, expires: { type: 'string' } } as const
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values']

/** Where the keys are that the command changes. */
interface KeyStore {
  list(): Promise<readonly ApiKey[]>
  add(key: ApiKey): Promise<void>
  revoke(key: ApiKey): Promise<void>
  close(): Promise<void>
}

/** A sentence about wrong arguments. */
class UsageError extends Error {}

const MIN_HASH_DIGITS = 8

function fileStore(path: string): KeyStore {
  const list = (): readonly ApiKey[] => (existsSync(path) ? readKeyFile(path) : [])
  return {
    list: async () => list(),
    add: async (key) => writeKeyFile(path, [...list(), key]),
    async revoke({ hash }) {
      const rest = list().filter((each) => each.hash !== hash)
      if (rest.length === 0) throw new UsageError('this is the last key of the file, and ingest does not start with none: add its successor first.')
      writeKeyFile(path, rest)
    },
    close: () => Promise.resolve(),
  }
}

function tableStore({ clickhouseUrl: url, clickhouseDatabase: database, clickhouseUser: username, clickhousePassword: password, redisUrl }: IngestConfig): KeyStore {
  const client = createClickHouse({ url, database, username, password, application: 'ballast-keys' })
  const table = new KeyTable(client)
  const cache = createCache({ namespace: KEYS_NAMESPACE, redis: redisUrl === '' ? false : redisUrl, loadSpans: false })
  const cached = new CachedKeys(cache, table)
  return {
    list: () => table.list(),
    async add(key) {
      await table.add(key)
      await cached.forget(key.hash)
    },
    async revoke(key) {
      await table.revoke(key)
      await cached.forget(key.hash)
    },
    async close() {
      await Promise.all([cache.close(), client.close()])
    },
  }
}

async function add(store: KeyStore, [tenantId = '']: readonly string[], { name, signals, origins, expires }: Values): Promise<string> {
  if (!TENANT_NAME.test(tenantId)) throw new UsageError('add needs a tenant: letters, digits, ".", "_" and "-".')
  const wrongSignal = words(signals).find((each) => !SIGNALS.includes(each as Signal))
  if (wrongSignal !== undefined) throw new UsageError(`--signals has ${JSON.stringify(wrongSignal)}; there are ${SIGNALS.join(', ')}.`)
  const wrongOrigin = words(origins).find((each) => !isOrigin(each))
  if (wrongOrigin !== undefined) throw new UsageError(`--origins has ${JSON.stringify(wrongOrigin)}; give origins such as https://shop.example.`)
  const expiresAtMs = expires === undefined ? undefined : Date.parse(expires)
  if (Number.isNaN(expiresAtMs)) throw new UsageError(`--expires is ${JSON.stringify(expires)}; give a time such as 2030-01-31T00:00:00Z.`)
  const key = newKey()
  await store.add({ hash: hashKey(key), tenantId, name, signals: words(signals) as Signal[], origins: words(origins), expiresAtMs })
  return key
}

async function list(store: KeyStore): Promise<string> {
  const rows = (await store.list()).map(({ hash, tenantId, name, signals, origins, expiresAtMs }) =>
    [tenantId, name || '-', hash.slice(0, 16), signals.join(',') || 'all signals', origins.join(',') || 'any sender', expiresAtMs === undefined ? 'no end' : new Date(expiresAtMs).toISOString()].join('\t'))
  return rows.join('\n')
}

async function revoke(store: KeyStore, [digits = '']: readonly string[]): Promise<string> {
  if (digits.length < MIN_HASH_DIGITS) throw new UsageError(`revoke needs ${MIN_HASH_DIGITS} or more digits of the hash; see list.`)
  const found = (await store.list()).filter(({ hash }) => hash.startsWith(digits.toLowerCase()))
  if (found.length !== 1) throw new UsageError(`${found.length === 0 ? 'no key has' : 'several keys have'} a hash that begins with ${digits}; see list.`)
  await store.revoke(found[0]!)
  return `revoked ${found[0]!.tenantId} ${found[0]!.hash.slice(0, 16)}`
}

const commands: Readonly<Record<string, (store: KeyStore, args: readonly string[], values: Values) => Promise<string>>> = { add, list, revoke }

/** Runs the command; returns its exit code: 0 done, 1 failed, 2 wrong arguments. */
async function run(args: readonly string[], env: Environment): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
    const [name = '', ...rest] = positionals
    if (values.help === true) return print(HELP)
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined) throw new UsageError(`${name === '' ? 'no command' : `unknown command ${name}`}; see --help.`)
    const config = settings.read(env)
    const store = config.apiKeysFile === '' ? tableStore(config) : fileStore(config.apiKeysFile)
    try {
      return print(await command(store, rest, values))
    } finally {
      await store.close()
    }
  } catch (error) {
    const wrongArguments = error instanceof UsageError || error instanceof SettingsError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
    process.stderr.write(`${(error as Error).message}\n`)
    return wrongArguments ? 2 : 1
  }
}

function words(list: string): readonly string[] {
  return list.split(',').map((each) => each.trim()).filter(Boolean)
}

function print(text: string): 0 {
  process.stdout.write(text === '' ? '' : `${text.trimEnd()}\n`)
  return 0
}

// oxlint-disable-next-line no-process-env -- the entry point of a command
process.exitCode = await run(process.argv.slice(2), process.env)
