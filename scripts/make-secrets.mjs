// Makes the secrets that docker-compose.yml reads: node scripts/make-secrets.mjs [folder]
// Random ones, once: a file that is there is left alone, so that running it again changes no password.
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = process.argv[2] ?? fileURLToPath(new URL('../infra/secrets', import.meta.url))
// Containers run as users of their own and must read the files, so the folder, not the files, keeps others out.
mkdirSync(folder, { recursive: true })
chmodSync(folder, 0o700)

/** Writes a secret unless it is there; returns what the file holds. */
function secret(name, make) {
  const path = join(folder, name)
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o644, flag: 'wx' })
  return readFileSync(path, 'utf8')
}

const password = () => randomBytes(24).toString('base64url')
const sha256 = (text) => createHash('sha256').update(text).digest('hex')

const ballast = secret('clickhouse-password', password)
const grafana = secret('grafana-clickhouse-password', password)
secret('clickhouse-users.yaml', () => `users:\n  ballast: { password_sha256_hex: ${sha256(ballast)} }\n  grafana: { password_sha256_hex: ${sha256(grafana)} }\n`)
secret('grafana-admin-password', password)
const redis = secret('redis-password', password)
secret('redis-auth.conf', () => `requirepass ${redis}\n`)
secret('redis-url', () => `redis://:${redis}@redis:6379`)
const key = secret('shop-api-key', password)
secret('shop-otlp-headers', () => `x-api-key=${key}`)
secret('ingest-keys.json', () => `${JSON.stringify({ [sha256(key)]: 'default' })}\n`)
process.stdout.write(`The secrets are in ${folder}. Grafana's user is admin, its password is in grafana-admin-password.\n`)
