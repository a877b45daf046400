import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const CONNECTIONS = 50

/** Asks for a URL as fast as it answers, from a process of its own. @returns answers a second. */
export async function load(url: string, seconds: number): Promise<number> {
  const program = fileURLToPath(import.meta.resolve('autocannon'))
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--json', '--no-progress', '-c', String(CONNECTIONS), '-d', String(seconds), url], { maxBuffer: 2 ** 24 })
  const { requests, errors, non2xx } = JSON.parse(stdout) as { requests: { total: number }; errors: number; non2xx: number }
  if (errors > 0 || non2xx > 0 || requests.total === 0) throw new Error(`${errors} requests failed and ${non2xx} had another status`)
  return requests.total / seconds
}
