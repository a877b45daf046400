import { ServiceError } from './errors.ts'

/** Resolves when what it checks is well; throws, with a sentence for a person, when it is not. */
export type HealthCheck = (signal: AbortSignal) => Promise<void> | void

/** How a check counts. */
export interface HealthCheckOptions {
  /** When `false`, the check is shown, and its failure does not make the process not ready. @default true */
  readonly required?: boolean
}

/** The result of one check, as `/readyz` shows it. */
export interface CheckResult {
  readonly ok: boolean
  /** Why it is not well; absent when it is. */
  readonly message?: string
}

/** What `/readyz` answers. */
export interface Readiness {
  readonly status: 'ready' | 'not ready' | 'stopping'
  readonly checks: Readonly<Record<string, CheckResult>>
}

export interface HealthOptions {
  /** A check that takes longer than this has failed. Milliseconds. @default 2000 */
  readonly checkTimeoutMs?: number
  /** A result is reused for this long, so that probes cannot load what they check. Milliseconds. @default 1000 */
  readonly cacheMs?: number
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number
}

/**
 * Whether the process can serve: named checks, run when asked, in parallel, each with a deadline.
 * Liveness is separate and trivial: a process that answers is alive.
 */
export class Health {
  readonly #checks = new Map<string, { readonly run: HealthCheck; readonly required: boolean }>()
  readonly #checkTimeoutMs: number
  readonly #cacheMs: number
  readonly #now: () => number
  #stopping = false
  #cached: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined

  constructor(options: HealthOptions = {}) {
    this.#checkTimeoutMs = options.checkTimeoutMs ?? 2000
    this.#cacheMs = options.cacheMs ?? 1000
    this.#now = options.now ?? Date.now
  }

  /** Adds a check; its name appears in `/readyz`. */
  check(name: string, check: HealthCheck, options: HealthCheckOptions = {}): void {
    this.#checks.set(name, { run: check, required: options.required ?? true })
  }

  /** From now on not ready, so that load balancers stop sending before the server stops listening. */
  stop(): void {
    this.#stopping = true
    this.#cached = undefined
  }

  /** Runs every check, or returns the last results when they are younger than `cacheMs`. */
  readiness(): Promise<Readiness> {
    const now = this.#now()
    if (this.#cached === undefined || now - this.#cached.at >= this.#cacheMs) {
      this.#cached = { at: now, readiness: this.#run() }
    }
    return this.#cached.readiness
  }

  async #run(): Promise<Readiness> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, { run }]) => [name, await this.#outcome(name, run)] as const),
    )
    const checks = Object.fromEntries(entries)
    if (this.#stopping) return { status: 'stopping', checks }
    return { status: entries.every(([name, result]) => result.ok || this.#checks.get(name)?.required === false) ? 'ready' : 'not ready', checks }
  }

  async #outcome(name: string, check: HealthCheck): Promise<CheckResult> {
    const deadline = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const timedOut = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new ServiceError('HEALTH_CHECK_TIMEOUT', `no answer from ${name} within ${this.#checkTimeoutMs} ms`)
        deadline.abort(error)
        reject(error)
      }, this.#checkTimeoutMs)
    })
    try {
      await Promise.race([Promise.resolve().then(() => check(deadline.signal)), timedOut])
      return { ok: true }
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) }
    } finally {
      clearTimeout(timer)
    }
  }
}
