import type { Cache } from '../src/cache.ts'
import type { Definition } from '../src/definition.ts'
import { Counters } from '../src/counters.ts'
import type { Entry } from '../src/entry/entry.ts'
import { Envelope } from '../src/entry/envelope.ts'
import { ShapedCodec } from '../src/entry/shaped-codec.ts'
import { createTestCache, FakeClock, MemoryServer, MemoryTier } from '../src/testing/testing.ts'
import { Oracle } from './oracle.ts'
import { MAX_WORK_MS, RUN_MS, type Schedule, type Step } from './schedule.ts'

const SOFT_TTL_MS = 250
const HARD_TTL_MS = 500
const LEASE_MS = 100
const LEASE_WAIT_MS = 120
const TIMEOUT_MS = 80
const MAX_STALENESS_MS = 100
/** Until a process notices that it hears nothing any more. */
const NOTICED_MS = 30
/** A caller may join a read and its load that began this long before, while nobody tells of changes. */
const MAX_FLIGHT_MS = TIMEOUT_MS + LEASE_WAIT_MS + 2 * TIMEOUT_MS + 2 * MAX_WORK_MS + TIMEOUT_MS
/** Until an invalidation that did not land is sent again. */
const REPLAY_MS = 40
const KEY = 'product:'

interface Numbered {
  n: number
}

interface Process {
  readonly tier: MemoryTier
  readonly products: Definition<Numbered>
  readonly cache: Cache
}

/** Plays one schedule on the double and returns what the oracle objects to. */
export class Simulation {
  readonly #schedule: Schedule
  readonly #clock = new FakeClock(1_000_000)
  readonly #server = new MemoryServer(this.#clock)
  readonly #envelope = new Envelope({ codec: new ShapedCodec(), namespace: 'test', counters: new Counters() })
  readonly #oracle: Oracle
  readonly #processes: Process[]
  #hop = 0
  #message = 0
  #load = 0
  #open = 0

  static async play(schedule: Schedule): Promise<readonly string[]> {
    return new Simulation(schedule).#run()
  }

  constructor(schedule: Schedule) {
    this.#schedule = schedule
    const lag = { heardMs: longestMessage(schedule), unheardMs: NOTICED_MS + MAX_STALENESS_MS, flightMs: MAX_FLIGHT_MS }
    this.#oracle = new Oracle(() => this.#clock.now() - 1_000_000, schedule.processes, lag, HARD_TTL_MS)
    this.#server.watchers.add((key, kind) => {
      if (kind === 'entry') this.#observe(key)
    })
    this.#processes = Array.from({ length: schedule.processes }, (_, process) => this.#start(process))
  }

  async #run(): Promise<readonly string[]> {
    for (const step of this.#schedule.steps) this.#clock.setTimer(() => void this.#take({ ...step, process: step.process % this.#schedule.processes }), step.at)
    await this.#clock.advance(RUN_MS + 1_500)
    if (this.#open > 0) this.#oracle.violations.push(`${this.#open} calls were never answered`)
    return this.#oracle.violations
  }

  #start(process: number): Process {
    const { hops } = this.#schedule
    const network = (): (typeof hops)[number] => {
      const hop = hops[this.#hop++ % hops.length]!
      if (hop.delivery !== 'answered' || hop.outMs + hop.backMs > TIMEOUT_MS) this.#oracle.commandLost(process, this.#now + TIMEOUT_MS)
      return hop
    }
    const tier = new MemoryTier(this.#server, network, LEASE_MS, TIMEOUT_MS)
    const cache = createTestCache({ clock: this.#clock, random: () => 0.5, shared: tier, leaseTtl: LEASE_MS, leaseWait: LEASE_WAIT_MS, local: { maxStaleness: MAX_STALENESS_MS, maxItems: 4 } })
    const products = cache.define({ name: 'product', load: (id: string) => this.#read(id), softTtl: SOFT_TTL_MS, hardTtl: HARD_TTL_MS, tags: () => ['all'] })
    this.#track(tier)
    this.#oracle.began(process)
    return { tier, products, cache }
  }

  #track(tier: MemoryTier): void {
    const { messages, ordered, heardBy } = this.#schedule
    if (messages.length > 0) tier.track(() => messages[this.#message++ % messages.length]!, ordered, heardBy)
  }

  async #read(id: string): Promise<Numbered> {
    const { steps } = this.#schedule
    const { beforeMs, afterMs } = steps[this.#load++ % steps.length]!
    await this.#pause(beforeMs)
    const n = this.#oracle.read(id)
    await this.#pause(afterMs)
    return { n }
  }

  async #take(step: Step): Promise<void> {
    const { tier, products } = this.#processes[step.process]!
    switch (step.kind) {
      case 'get':
        return this.#get(step, products)
      case 'crash':
        tier.crash()
        this.#processes[step.process] = this.#start(step.process)
        return
      case 'restart':
        this.#server.lose()
        await Promise.all(this.#processes.map((_, process) => this.#cut(process, NOTICED_MS)))
        return
      case 'cut':
        return this.#cut(step.process, NOTICED_MS + step.afterMs)
      case 'partition':
        return this.#partition(step.process, step.beforeMs + step.afterMs)
      case 'tag':
      case 'clear':
        return this.#mark(step)
      case 'invalidate':
      case 'remove':
      case 'expire':
      case 'write':
      case 'write-version':
      case 'write-fails':
        return this.#change(step, products)
    }
  }

  async #get({ process, id }: Step, products: Definition<Numbered>): Promise<void> {
    const { tier } = this.#processes[process]!
    const asked = this.#oracle.event()
    const askedAt = this.#now
    const peeked = products.peek(id)
    if (peeked !== undefined) this.#oracle.answered(process, id, peeked.n, asked, askedAt, true)
    this.#open++
    try {
      const { n } = await products.get(id)
      // Nobody is there any more to receive the answer of a process that has crashed.
      if (this.#processes[process]!.tier === tier) this.#oracle.answered(process, id, n, asked, askedAt, false)
    } catch (error) {
      this.#oracle.violations.push(`process ${process} got an error for ${id}: ${String(error)}`)
    }
    this.#open--
  }

  async #change({ process, id, kind, beforeMs, afterMs }: Step, products: Definition<Numbered>): Promise<void> {
    const { tier } = this.#processes[process]!
    const beganAt = this.#now
    let atLeast = 0
    let landed: boolean
    if (kind === 'invalidate' || kind === 'remove' || kind === 'expire') {
      atLeast = this.#oracle.reserve()
      this.#oracle.commit(id, atLeast)
      landed = (await products[kind](id)) === 'deleted'
    } else {
      const version = kind === 'write-version' ? this.#oracle.reserve() : undefined
      const written = { n: version ?? 0 }
      const persist = async (): Promise<void> => {
        await this.#pause(beforeMs)
        if (version === undefined) written.n = this.#oracle.reserve()
        if (!this.#oracle.commit(id, written.n)) throw new Error('somebody has changed the row meanwhile')
        atLeast = written.n
        await this.#pause(afterMs)
        if (kind === 'write-fails') throw new Error('the connection broke while committing')
      }
      landed = await products.write(id, written, persist, version === undefined ? {} : { version }).then(
        (outcome) => outcome !== 'queued',
        () => !this.#oracle.lostSince(process, beganAt),
      )
    }
    if (this.#processes[process]!.tier !== tier) return
    this.#oracle.changed(process, id, { atLeast, landed, soft: kind === 'expire', inPlace: true })
    if (tier.stats().queuedInvalidations > 0) this.#replayLater(process, tier)
  }

  /** Changes the source, then invalidates all values. What is stored in Redis from before may stay there; nobody may believe it. */
  async #mark({ process, id, kind }: Step): Promise<void> {
    const { tier, cache } = this.#processes[process]!
    const atLeast = this.#oracle.reserve()
    this.#oracle.commit(id, atLeast)
    const outcome = await (kind === 'tag' ? cache.invalidateTags(['all']) : cache.clear())
    if (this.#processes[process]!.tier !== tier) return
    this.#oracle.changed(process, id, { atLeast, landed: outcome === 'deleted', soft: false, inPlace: false })
    if (tier.stats().queuedInvalidations > 0) this.#replayLater(process, tier)
  }

  /** Until then Redis is not asked about the keys whose invalidation has not landed. */
  #replayLater(process: number, tier: MemoryTier): void {
    this.#oracle.commandLost(process, this.#now + REPLAY_MS)
    this.#clock.setTimer(() => tier.replay(), REPLAY_MS)
  }

  async #cut(process: number, durationMs: number): Promise<void> {
    const { tier } = this.#processes[process]!
    this.#oracle.messagesLost(process, this.#now + durationMs)
    void tier.cut(NOTICED_MS)
    await this.#pause(durationMs)
    if (this.#processes[process]!.tier === tier) this.#track(tier)
  }

  async #partition(process: number, durationMs: number): Promise<void> {
    const { tier } = this.#processes[process]!
    tier.partitioned = true
    this.#oracle.commandLost(process, this.#now + durationMs + TIMEOUT_MS)
    await this.#cut(process, NOTICED_MS + durationMs)
    tier.partitioned = false
    tier.replay()
  }

  /** Sees each change in Redis at the moment it is made. */
  #observe(key: string | undefined): void {
    if (key === undefined) return
    const id = key.slice(KEY.length)
    const bytes = this.#server.entry(key)
    const stored = bytes === undefined ? undefined : (this.#envelope.decode('', bytes) as Entry<Numbered> | undefined)
    // Declared stale, an older value stays where it is.
    if (stored === undefined || stored.expired) this.#oracle.voided(id)
    else this.#oracle.stored(id, stored.value.n)
  }

  get #now(): number {
    return this.#clock.now() - 1_000_000
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.setTimer(resolve, ms))
  }
}

/** When the first copy of each message has come, at the latest; in order, it waits for all copies of those before it. */
function longestMessage({ messages, ordered }: Schedule): number {
  if (messages.length === 0) return Number.POSITIVE_INFINITY
  return Math.max(...messages.map(({ delayMs, copies = 1 }) => delayMs * (ordered ? copies : 1)))
}
