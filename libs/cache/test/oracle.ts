/** What the cache was told of a change of the source. */
export interface Told {
  /** What the source held when it was made; nothing older may come out afterwards. */
  readonly atLeast: number
  /** False when the process was told that Redis has not heard of it yet. */
  readonly landed: boolean
  /** Older values may come out as stale. */
  readonly soft: boolean
  /** Whether nothing older may be stored in Redis from now on. */
  readonly inPlace: boolean
}

/** A completed change of the source that the cache was told of. */
interface Change extends Told {
  readonly process: number
  readonly id: string
  readonly done: number
  readonly doneAt: number
}

/** Longest that an answer may lag behind a change which another process has completed, in milliseconds. */
export interface Lag {
  /** While the channel of changes works and every command is answered; infinite where there is none. */
  readonly heardMs: number
  /** While one of them does not: what is loaded without a lease is kept for `maxStaleness`, and nobody tells of its change. */
  readonly unheardMs: number
  /** What comes to that for a caller who joins a load: how long one may last. */
  readonly flightMs: number
}

interface Link {
  /** Own changes count from this place in the order of events: the process began then. */
  since: number
  /** Last moment at which a command or its answer was lost. */
  commandsLostAt: number
  /** Last moment at which a message may have been lost, or the channel was down. */
  messagesLostAt: number
}

/**
 * What may be returned and stored: the source's own history and the changes that were completed, and nothing of how the cache works.
 * Values are numbers of commits, so that the smaller one is older.
 */
export class Oracle {
  readonly violations: string[] = []
  readonly #now: () => number
  readonly #lag: Lag
  readonly #hardTtlMs: number
  readonly #links: Link[]
  readonly #changes: Change[] = []
  readonly #committed = new Map<string, { n: number; at: number }[]>()
  /** By id: what Redis must not go below any more. */
  readonly #floors = new Map<string, number>()
  #commits = 0
  #events = 0

  constructor(now: () => number, processes: number, lag: Lag, hardTtlMs: number) {
    this.#now = now
    this.#lag = lag
    this.#hardTtlMs = hardTtlMs
    this.#links = Array.from({ length: processes }, () => ({ since: 0, commandsLostAt: -1, messagesLostAt: -1 }))
  }

  /** A number that no commit has, for one that is to come. */
  reserve(): number {
    return ++this.#commits
  }

  /** What the source holds. */
  read(id: string): number {
    return this.#committed.get(id)?.at(-1)?.n ?? 0
  }

  /** Commits, unless something newer is committed already. */
  commit(id: string, n: number): boolean {
    if (n < this.read(id)) return false
    const history = this.#committed.get(id) ?? []
    this.#committed.set(id, history)
    history.push({ n, at: this.#now() })
    return true
  }

  /** A place in the order of events. */
  event(): number {
    return ++this.#events
  }

  began(process: number): void {
    this.#links[process]!.since = this.event()
  }

  commandLost(process: number, untilAt = this.#now()): void {
    this.#links[process]!.commandsLostAt = Math.max(this.#links[process]!.commandsLostAt, untilAt)
  }

  messagesLost(process: number, untilAt: number): void {
    this.#links[process]!.messagesLostAt = Math.max(this.#links[process]!.messagesLostAt, untilAt)
  }

  /** Whether a command of this process was lost since a moment. */
  lostSince(process: number, at: number): boolean {
    return this.#links[process]!.commandsLostAt >= at
  }

  changed(process: number, id: string, told: Told): void {
    this.#changes.push({ ...told, process, id, done: this.event(), doneAt: this.#now() })
    if (told.landed && told.inPlace) this.#raise(id, told.atLeast)
  }

  /** Redis has voided the leases of a key: what is stored from now on was read from the source later. */
  voided(id: string): void {
    this.#raise(id, this.read(id))
  }

  stored(id: string, n: number): void {
    const floor = this.#floors.get(id) ?? 0
    if (n < floor) this.violations.push(`at ${this.#now()} ms ${id}=${n} was stored in Redis after ${floor} had been invalidated or written there`)
  }

  /** Judges an answer. @param fresh - true when it must not be a stale value, not even while Redis does not answer. */
  answered(process: number, id: string, n: number, asked: number, askedAt: number, fresh: boolean): void {
    const link = this.#links[process]!
    for (const change of this.#changes) {
      if (change.id !== id || n >= change.atLeast || change.done >= asked || (change.soft && !fresh)) continue
      const own = change.process === process && change.done > link.since
      if (own || (change.landed && (fresh || link.commandsLostAt < askedAt) && change.doneAt + this.#lagSince(link, change.doneAt, fresh) < askedAt)) {
        this.violations.push(`at ${this.#now()} ms process ${process} got ${id}=${n}, ${fresh ? 'by peek' : `asked at ${askedAt} ms`}, after ${own ? 'it' : `process ${change.process}`} had completed ${change.atLeast} at ${change.doneAt} ms`)
      }
    }
    const next = this.#committed.get(id)?.find((commit) => commit.n > n)
    if (next !== undefined && this.#now() >= next.at + this.#hardTtlMs) this.violations.push(`at ${this.#now()} ms process ${process} got ${id}=${n}, outdated since ${next.at} ms and beyond its hard expiry`)
  }

  #lagSince(link: Link, doneAt: number, fresh: boolean): number {
    const { heardMs, unheardMs, flightMs } = this.#lag
    if (Number.isFinite(heardMs) && Math.max(link.messagesLostAt, link.commandsLostAt) < doneAt) return heardMs
    return fresh ? unheardMs : unheardMs + flightMs
  }

  #raise(id: string, n: number): void {
    this.#floors.set(id, Math.max(n, this.#floors.get(id) ?? 0))
  }
}
