import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { writeEngineConfig } from './engine-config.ts'
import type { EngineQuery, ToThread } from './engine-messages.ts'
import { stepMergesBack } from './merge-threads.ts'
import { type Connection, loadNativeEngine, type NativeEngine } from './native.ts'
import { openDataDir } from './open-data-dir.ts'
import { QueryRun } from './query-run.ts'
import { stringLiteral } from './session-sql.ts'
import { Turns } from './turns.ts'

/** What the engine needs. */
export interface EngineOptions {
  /** Folder of all data. */
  readonly dataDir: string
  /** Threads, and so queries at once. */
  readonly maxConcurrentQueries: number
  /** Turns to insert rows; see {@link Engine.insertInTurn}. */
  readonly maxConcurrentInserts: number
  readonly maxQueuedQueries: number
  /** Longest wait for a thread, milliseconds. */
  readonly queueTimeoutMs: number
  readonly maxServerMemoryBytes: number
}

/** Facts that go into every response. */
export interface EngineFacts {
  readonly version: string
  readonly timezone: string
  readonly displayName: string
}

/** The ClickHouse engine of this process: one data folder, a fixed set of threads, one query a thread at a time. */
export class Engine {
  readonly facts: EngineFacts
  readonly #native: NativeEngine
  readonly #connection: Connection
  readonly #threads: readonly Worker[]
  readonly #turns: Turns<Worker>
  readonly #insertTurns: Turns<number>
  readonly #runs = new Set<QueryRun>()
  #own: Promise<unknown> = Promise.resolve()
  #lastTag = 0

  private constructor(native: NativeEngine, connection: Connection, threads: readonly Worker[], options: EngineOptions) {
    this.#native = native
    this.#connection = connection
    this.#threads = threads
    const limits = { maxWaiting: options.maxQueuedQueries, maxWaitMs: options.queueTimeoutMs }
    this.#turns = new Turns(threads, limits)
    this.#insertTurns = new Turns([...Array(options.maxConcurrentInserts).keys()], limits)
    const [version = '', timezone = '', displayName = ''] = native
      .QueryWithConnection(connection, 'SELECT version(), timezone(), displayName()', 'TabSeparated')
      .trim()
      .split('\t')
    this.facts = { version, timezone, displayName }
  }

  /**
   * Opens the data folder and starts the threads.
   *
   * @throws ServiceError when another process uses the folder.
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const path = join(options.dataDir, 'engine')
    await mkdir(path, { recursive: true })
    const configFile = join(options.dataDir, 'engine.xml')
    await writeEngineConfig(configFile, { maxServerMemoryBytes: options.maxServerMemoryBytes, backupsPath: join(options.dataDir, 'backups') })
    const native = loadNativeEngine()
    const connection = await openDataDir(native, path, configFile)
    await stepMergesBack(native, connection)
    const threads = await Promise.all(Array.from({ length: options.maxConcurrentQueries }, () => startThread(path)))
    return new Engine(native, connection, threads, options)
  }

  /** Queries that run now. */
  get running(): number {
    return this.#runs.size
  }

  /** Queries that wait for a turn. */
  get waiting(): number {
    return this.#turns.waiting + this.#insertTurns.waiting
  }

  /**
   * Starts a query as soon as a thread is free. The caller reads it to its end or cancels it.
   *
   * @throws ClickHouseException TOO_MANY_SIMULTANEOUS_QUERIES.
   */
  async run(query: EngineQuery, signal: AbortSignal): Promise<QueryRun> {
    const thread = await this.#turns.take(signal)
    const tag = `ballast-${++this.#lastTag}`
    const run = new QueryRun(thread, tag, query, () => this.#kill(tag))
    this.#runs.add(run)
    void run.finished.then(() => {
      this.#runs.delete(run)
      this.#turns.give(thread)
    })
    return run
  }

  /**
   * Runs `insert` when fewer inserts run than may at once. Rows take some ten times their size in memory while they are sorted and indexed; those that
   * wait are on disk.
   *
   * @throws ClickHouseException TOO_MANY_SIMULTANEOUS_QUERIES.
   */
  async insertInTurn(signal: AbortSignal, insert: () => Promise<void>): Promise<void> {
    const turn = await this.#insertTurns.take(signal)
    try {
      await insert()
    } finally {
      this.#insertTurns.give(turn)
    }
  }

  /** Resolves when the engine answers, past all queues. */
  async ping(): Promise<void> {
    await this.#query('SELECT 1')
  }

  /** Refuses new queries, waits for running ones, and cancels those that still run after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#turns.close()
    this.#insertTurns.close()
    const idle = Promise.all([...this.#runs].map((run) => run.finished))
    let timer: NodeJS.Timeout | undefined
    await Promise.race([idle, new Promise((resolve) => (timer = setTimeout(resolve, graceMs)))])
    clearTimeout(timer)
    await Promise.all([...this.#runs].map((run) => run.cancel()))
  }

  /** Closes the data folder; call after {@link drain}. */
  async close(): Promise<void> {
    await this.#own
    const exits = this.#threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)))
    for (const thread of this.#threads) thread.postMessage({ type: 'stop' } satisfies ToThread)
    await Promise.all(exits)
    this.#native.CloseConnection(this.#connection)
  }

  async #kill(tag: string): Promise<void> {
    await this.#query(`KILL QUERY WHERE Settings['log_comment'] = ${stringLiteral(tag)} ASYNC`)
  }

  /** Own statements go one after another over the one connection that stays open. */
  #query(sql: string): Promise<unknown> {
    const result = this.#own.then(() => this.#native.QueryAsyncConnection(this.#connection, sql, 'Null'))
    this.#own = result.catch(() => {})
    return result
  }
}

function startThread(path: string): Promise<Worker> {
  const file = import.meta.url.endsWith('.ts') ? './engine-thread.ts' : './engine-thread.js'
  const thread = new Worker(new URL(file, import.meta.url), { workerData: { path } })
  return new Promise((resolve, reject) => {
    thread.once('error', reject)
    thread.once('message', () => {
      thread.off('error', reject)
      // A thread answers failures of its queries itself. One that dies takes its query with it, and perhaps the engine:
      // better no process than half of one. What was acknowledged is on disk.
      thread.on('error', (error) => {
        throw new Error('an engine thread failed', { cause: error })
      })
      resolve(thread)
    })
  })
}
