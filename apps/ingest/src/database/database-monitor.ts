import { setTimeout as delay } from 'node:timers/promises'
import type { ClickHouseError } from '@ballast/clickhouse'

/** Whether ClickHouse takes inserts. */
export type DatabaseState =
  | { readonly kind: 'starting'; readonly reason: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'down'; readonly reason: string; readonly code: string }

/** How to find out whether a database that was away is back. */
export interface DatabaseProbe {
  /** Tables are there and up to date; creates them when that is ingest's task. */
  prepare(signal: AbortSignal): Promise<void>
  /** It answers. */
  ping(signal: AbortSignal): Promise<void>
  /** It has room for inserts again. */
  hasSpace(signal: AbortSignal): Promise<void>
}

export interface DatabaseMonitorOptions {
  readonly probe: DatabaseProbe
  /** Between two probes, milliseconds; each wait is 50 to 150 % of it. @default 1000 */
  readonly probeIntervalMs?: number
  readonly random: () => number
  readonly onChange: (state: DatabaseState) => void
}

/**
 * Follows whether ClickHouse takes inserts. While it does not, requests are refused at once instead of waiting for a failure,
 * and a probe looks for its return.
 */
export class DatabaseMonitor {
  readonly #options: DatabaseMonitorOptions
  readonly #stopped = new AbortController()
  #state: DatabaseState = { kind: 'starting', reason: 'the tables are being checked' }
  #recovering: Promise<void> | undefined

  constructor(options: DatabaseMonitorOptions) {
    this.#options = options
  }

  get state(): DatabaseState {
    return this.#state
  }

  /** Looks for the database in the background. */
  start(): void {
    this.#recover()
  }

  /** An insert succeeded, or failed for the database's own reasons. */
  report(error: ClickHouseError | undefined): void {
    if (error === undefined) this.#become({ kind: 'ready' })
    else if (error.code !== 'ABORTED') {
      this.#become({ kind: 'down', reason: error.message, code: error.code })
      this.#recover()
    }
  }

  /** For `/readyz`. @throws Error with the reason as a sentence. */
  check(): void {
    if (this.#state.kind !== 'ready') throw new Error(this.#state.reason)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#recovering
  }

  #recover(): void {
    this.#recovering ??= this.#probeUntilReady().finally(() => {
      this.#recovering = undefined
      // It may have failed again in the moment between the probe's success and here.
      if (!this.#stopped.signal.aborted && this.#state.kind !== 'ready') this.#recover()
    })
  }

  async #probeUntilReady(): Promise<void> {
    const { signal } = this.#stopped
    const { probeIntervalMs = 1000, random } = this.#options
    const pause = (): Promise<void> => delay(probeIntervalMs * (0.5 + random()), undefined, { signal }).catch(() => undefined)
    // At the start there is no failure to wait after.
    if (this.#state.kind === 'down') await pause()
    while (!signal.aborted && this.#state.kind !== 'ready') {
      try {
        await this.#probe(signal)
        this.#become({ kind: 'ready' })
        return
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        // An insert may have succeeded while the probe failed.
        const now = this.state
        if (!signal.aborted && now.kind !== 'ready') this.#become({ ...now, reason })
      }
      await pause()
    }
  }

  #probe(signal: AbortSignal): Promise<void> {
    const { probe } = this.#options
    const state = this.#state
    if (state.kind === 'starting' || (state.kind === 'down' && state.code === 'SCHEMA_MISSING')) return probe.prepare(signal)
    if (state.kind === 'down' && state.code === 'OUT_OF_SPACE') return probe.hasSpace(signal)
    return probe.ping(signal)
  }

  #become(state: DatabaseState): void {
    const changed = state.kind !== this.#state.kind || (state.kind !== 'ready' && this.#state.kind !== 'ready' && state.reason !== this.#state.reason)
    this.#state = state
    if (changed) this.#options.onChange(state)
  }
}
