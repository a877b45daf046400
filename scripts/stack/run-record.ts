import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processStart } from './process-identity.ts'

/** A process that `npm start` started, or `npm start` itself. */
interface RecordedProcess {
  readonly name: string
  readonly pid: number
  readonly start: string
}

/** What a killed run left behind notices that and drains: time before it is asked to stop, and then before it is made to. Milliseconds. */
const LEFTOVER_GRACE_MS = { drain: 10_000, stop: 8_000 } as const

/**
 * Who runs from this state directory: kept on disk, so that a second `npm start` is told about the first,
 * and what a killed one left behind is found and stopped, by pid and start time.
 */
export class RunRecord {
  readonly #path: string
  readonly #processes: RecordedProcess[] = []

  constructor(stateDir: string) {
    mkdirSync(stateDir, { recursive: true })
    this.#path = join(stateDir, 'run.json')
  }

  /** The pid of another `npm start` that runs from this directory now. */
  runningLauncher(): number | undefined {
    return this.#recorded().find((each) => each.name === 'npm start' && isRunning(each))?.pid
  }

  /** Waits until what a killed run left behind is gone; asks it to stop, and in the end makes it. */
  async clearLeftovers(now: () => number = Date.now): Promise<void> {
    const leftovers = this.#leftovers()
    const gone = async (withinMs: number): Promise<boolean> => {
      const deadline = now() + withinMs
      while (leftovers.some(isRunning) && now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
      return !leftovers.some(isRunning)
    }
    if (!(await gone(LEFTOVER_GRACE_MS.drain))) {
      for (const each of leftovers) signal(each, 'SIGTERM')
      if (!(await gone(LEFTOVER_GRACE_MS.stop))) {
        for (const each of leftovers) signal(each, 'SIGKILL')
        await gone(Number.POSITIVE_INFINITY)
      }
    }
    this.clear()
  }

  /** Whether a killed run left a process behind. */
  hasLeftovers(): boolean {
    return this.#leftovers().length > 0
  }

  /** Writes down a process of this run. */
  add(name: string, pid: number | undefined): void {
    const start = pid === undefined ? undefined : processStart(pid)
    if (pid === undefined || start === undefined) return
    this.#processes.push({ name, pid, start })
    writeFileSync(this.#path, `${JSON.stringify(this.#processes, null, 2)}\n`)
  }

  /** This run has ended and left nothing behind. */
  clear(): void {
    rmSync(this.#path, { force: true })
  }

  #leftovers(): RecordedProcess[] {
    return this.#recorded().filter((each) => each.name !== 'npm start' && isRunning(each))
  }

  #recorded(): RecordedProcess[] {
    if (!existsSync(this.#path)) return []
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as RecordedProcess[]
    } catch {
      // A kill in the middle of the write leaves half a file: then there is nothing to go by.
      return []
    }
  }
}

function isRunning(each: RecordedProcess): boolean {
  return processStart(each.pid) === each.start
}

function signal(each: RecordedProcess, name: NodeJS.Signals): void {
  try {
    if (isRunning(each)) process.kill(each.pid, name)
  } catch {
    // It ended between the look and the signal.
  }
}
