import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SettingsError } from '@ballast/service'

const FILE = 'lock'

/**
 * Takes the journal's folder for this process; one process at a time may have it. A lock that a killed process left is taken over.
 *
 * @returns how to give it back.
 * @throws SettingsError when another process has it.
 */
export function lockJournal(dir: string): () => void {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, FILE)
  const mine = `${process.pid} ${startOf(process.pid)}`
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(path, mine, { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw error
    }
    const holder = readHolder(path)
    if (holder !== undefined) {
      const advice = 'stop it, or give this one another INGEST_JOURNAL_DIR'
      throw new SettingsError('SETTING_INVALID', [`the journal in ${dir} is used by process ${holder}: ${advice}.`])
    }
    rmSync(path, { force: true })
  }
}

/** The process that holds the lock; `undefined` when it is gone. */
function readHolder(path: string): number | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  const [pid, start] = text.split(' ')
  // In a container the process before had the same number, and is gone.
  if (Number(pid) === process.pid && start !== startOf(process.pid)) return undefined
  return startOf(Number(pid)) === start ? Number(pid) : undefined
}

/** When a process started, as the system writes it: a number alone may have been given to another process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return process.platform === 'linux' ? undefined : aliveElsewhere(pid)
  }
}

/** Where there is no /proc, a process that is there is all that can be known. */
function aliveElsewhere(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
    return 'running'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'running' : undefined
  }
}
