import { setTimeout as delay } from 'node:timers/promises'
import { ClickHouseError, tableNames } from '@ballast/clickhouse'
import type { Counters } from '../counters.ts'
import type { DatabaseMonitor } from '../database/database-monitor.ts'
import type { Journal } from '../journal/journal.ts'
import type { JournalRecord } from '../journal/journal-record.ts'
import type { Segment, SegmentContent } from '../journal/segment.ts'
import { fullJitter } from './backoff.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { SegmentInserter } from './segment-inserter.ts'

export interface DelivererOptions {
  readonly journal: Journal
  readonly inserter: Pick<SegmentInserter, 'insert'>
  readonly database: Pick<DatabaseMonitor, 'state' | 'report'>
  readonly counters: Pick<Counters, 'replayed' | 'setAside'>
  /** Most segments sent at once; fewer while ClickHouse is overloaded. */
  readonly concurrency: number
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
  /** A segment was damaged, or ClickHouse refuses it and no other; its file is kept. */
  readonly onSetAside: (segment: Segment, reason: string) => void
}

/** Rows that count as records: those for the quarantine were counted when they were rejected. */
function rowsToStore({ blocks }: JournalRecord): number {
  return blocks.reduce((sum, { table, rows }) => (table === tableNames.rejects ? sum : sum + rows), 0)
}

/** A segment on its way, with what is known of it from earlier attempts. */
interface Delivery {
  readonly segment: Segment
  /** Tokens of its inserts that are stored. */
  readonly done: Set<string>
  attempts: number
  /** Attempts that failed although others succeeded in between. */
  failedAlone: number
  /** Segments that were stored when it was tried last. */
  storedBefore: number
}

/** A segment that the disk does not give back after so many attempts is set aside. */
const MAX_READ_ATTEMPTS = 5

/** A segment that ClickHouse refuses so often, while it takes others, is set aside: some two minutes. */
const MAX_FAILED_ALONE = 100

/** Young segments wait until one that is under way is stored, at most so long, milliseconds. */
const PATIENCE_MS = 5_000

/** A segment that was begun so long ago is young no more, however many full ones wait: new data is to be seen soon. Milliseconds. */
const YOUNG_MS = 3_000

/** Between two looks whether ClickHouse is back, milliseconds. */
const LOOK_MS = 100

/** Brings segments from the journal to ClickHouse, each until it is stored, however long that takes. */
export class Deliverer {
  readonly #options: DelivererOptions
  readonly #running = new Set<Promise<void>>()
  /** Failed, and waited: sent in turn with others, because it may be stored already, and a repeat must not come late. */
  readonly #due: Delivery[] = []
  #isDueNext = true
  readonly #limit: ConcurrencyLimit
  #look: NodeJS.Timeout | undefined
  /** Of those that run, how many have done so for longer than anybody waits for them. */
  #slow = 0
  #stored = 0
  #stopped = false

  constructor(options: DelivererOptions) {
    this.#options = options
    this.#limit = new ConcurrencyLimit(options.concurrency)
    options.journal.onSegment(() => this.#pump())
  }

  start(): void {
    this.#pump()
  }

  /** Segments that may be sent at once now. */
  get concurrency(): number {
    return this.#limit.current
  }

  /** Sends what there is, while ClickHouse takes it and `signal` is not aborted. The rest stays in the journal. */
  async drain(signal: AbortSignal): Promise<void> {
    const { journal, database } = this.#options
    await journal.flush()
    while (journal.segments > 0 && database.state.kind === 'ready' && !signal.aborted) {
      this.#pump()
      await Promise.race([...this.#running, delay(LOOK_MS)])
    }
  }

  /** Takes no more segments; resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#look)
    await Promise.all(this.#running)
  }

  #pump(): void {
    const { journal, database } = this.#options
    while (!this.#stopped && this.#running.size < this.#limit.current) {
      if (database.state.kind !== 'ready') {
        this.#lookAgain()
        return
      }
      const delivery = (this.#isDueNext ? this.#due.shift() : undefined) ?? this.#next(journal) ?? this.#due.shift()
      this.#isDueNext = !this.#isDueNext
      if (delivery === undefined) return
      this.#run(delivery)
    }
  }

  #run(delivery: Delivery): void {
    let isSlow = false
    const patience = setTimeout(() => {
      isSlow = true
      this.#slow++
      this.#pump()
    }, PATIENCE_MS).unref()
    const run = this.#deliver(delivery).finally(() => {
      clearTimeout(patience)
      if (isSlow) this.#slow--
      this.#running.delete(run)
      this.#pump()
    })
    this.#running.add(run)
  }

  /** Beside an insert that is under way only what is full already: what is young becomes one insert the larger, and costs ClickHouse less. */
  #next(journal: Journal): Delivery | undefined {
    const isToGrow = this.#running.size > this.#slow && journal.openAgeMs < YOUNG_MS
    const segment = journal.take(isToGrow ? 'full' : 'any')
    return segment === undefined ? undefined : { segment, done: new Set(), attempts: 0, failedAlone: 0, storedBefore: this.#stored }
  }

  #lookAgain(): void {
    this.#look ??= setTimeout(() => {
      this.#look = undefined
      this.#pump()
    }, LOOK_MS).unref()
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { journal, inserter, database, counters } = this.#options
    const { segment, done } = delivery
    try {
      const content = await this.#read(delivery)
      const { records, damage } = content
      if (segment.recovered && delivery.attempts === 0) {
        for (const record of records) counters.replayed(record, rowsToStore(record))
      }
      await inserter.insert(segment.id, records, done)
      this.#stored++
      this.#limit.succeeded()
      if (records.length > 0) database.report(undefined)
      if (damage.length === 0) await journal.release(segment, content)
      else await this.#setAside(segment, `${damage.reduce((sum, { bytes }) => sum + bytes, 0)} bytes of it cannot be read; the rest is stored`)
    } catch (error) {
      await this.#failed(delivery, error)
    }
  }

  async #failed(delivery: Delivery, error: unknown): Promise<void> {
    const { database } = this.#options
    const code = error instanceof ClickHouseError ? error.code : undefined
    delivery.attempts++
    const failedAlone = code === 'REFUSED' && this.#stored > delivery.storedBefore
    delivery.storedBefore = this.#stored
    if (code === 'OVERLOADED' || code === 'TIMEOUT') this.#limit.overloaded()
    if (failedAlone) {
      if (++delivery.failedAlone >= MAX_FAILED_ALONE) {
        await this.#setAside(delivery.segment, (error as Error).message)
        return
      }
    } else if (error instanceof ClickHouseError && (delivery.attempts > 1 || !error.retryable || code === 'OUT_OF_SPACE')) {
      // One failure may be a blip that the next attempt mends.
      database.report(error)
    }
    void this.#repeatLater(delivery)
  }

  async #setAside(segment: Segment, reason: string): Promise<void> {
    const { journal, counters, onSetAside } = this.#options
    await journal.setAside(segment)
    counters.setAside()
    onSetAside(segment, reason)
  }

  /** A file that cannot be read is all damage: it must not keep others from being sent. */
  async #read({ segment, attempts }: Delivery): Promise<Pick<SegmentContent, 'records' | 'damage' | 'memory'>> {
    try {
      return await this.#options.journal.read(segment)
    } catch (error) {
      if (attempts < MAX_READ_ATTEMPTS) throw error
      return { records: [], damage: [{ offset: 0, bytes: segment.bytes, atEnd: true }], memory: Buffer.alloc(0) }
    }
  }

  async #repeatLater(delivery: Delivery): Promise<void> {
    await delay(fullJitter(delivery.attempts, this.#options.random), undefined, { ref: false })
    this.#due.push(delivery)
    this.#pump()
  }
}
