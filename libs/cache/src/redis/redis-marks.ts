import type { Clock, Timer } from '../clock.ts'
import { parseMark } from '../tags/mark-bytes.ts'
import type { BatchReader } from './batch-reader.ts'
import type { Connection } from './connection.ts'
import type { Run } from './run.ts'
import type { MarkAnswer, MarkKind } from './shared-tier.ts'

/** How often the origin is asked for, so that a Redis which evicts what was not used for longest keeps it; in milliseconds. */
const ORIGIN_INTERVAL_MS = 60_000

const MICROSECONDS = /^\d{1,16}$/

/** What {@link RedisMarks} need. */
export interface RedisMarksOptions {
  readonly connection: Connection
  readonly reader: BatchReader
  readonly run: Run
  readonly clock: Clock
  readonly namespace: string
}

/**
 * The marks in Redis, and their origin: the time from which on they are complete. Whoever finds the origin missing sets it to now. A Redis that loses its data
 * loses the origin with the marks, so that who does not find a mark does not take it for one that was never set.
 *
 * All of a namespace lie in one slot of a cluster, because they must be lost together.
 */
export class RedisMarks {
  /** First part of the keys of all marks. */
  readonly prefix: string
  readonly #origin: string
  readonly #options: RedisMarksOptions
  #timer: Timer | undefined

  constructor(options: RedisMarksOptions) {
    this.#options = options
    this.prefix = `${options.namespace}:t:{${options.namespace}}`
    this.#origin = `${options.namespace}:o:{${options.namespace}}`
    this.#keepOrigin()
  }

  read(key: string, answer: MarkAnswer): void {
    this.#options.reader.readPair(this.prefix + key, this.#origin, (mark, origin) => {
      if (mark === undefined || origin === undefined) return answer(undefined)
      const text = origin?.toString('latin1') ?? ''
      if (MICROSECONDS.test(text)) return answer({ ...parseMark(mark), originUs: Number(text) })
      void this.findOrigin().then((originUs) => answer(originUs === undefined ? undefined : { ...parseMark(mark), originUs }))
    })
  }

  /** Sets a mark to Redis's time, with which it resolves. */
  set(key: string, kind: MarkKind, ttlMs: number): Promise<number> {
    return this.#options.connection.client.ballastCacheMark(this.prefix + key, kind, ttlMs)
  }

  /** The origin, which is now if there was none; in microseconds, `undefined` when Redis is unavailable. Before the first load, else what is loaded counts as older than it. */
  findOrigin(): Promise<number | undefined> {
    const { connection, run } = this.#options
    return run(() => connection.client.ballastCacheOrigin(this.#origin))
  }

  close(): void {
    this.#timer?.cancel()
  }

  readonly #keepOrigin = (): void => {
    void this.findOrigin()
    this.#timer = this.#options.clock.setTimer(this.#keepOrigin, ORIGIN_INTERVAL_MS)
  }
}
