import { IngestError } from '../errors.ts'
import { DrainRate } from './drain-rate.ts'
import type { Priority } from './priority.ts'
import { TenantLane } from './tenant-lane.ts'

/** What a tenant of weight 1 may spend in one round, bytes. */
const QUANTUM_BYTES = 64 * 1024

/** What a request costs beside its bytes: small ones are not free. */
const REQUEST_BYTES = 1024

/** Bytes whose turns begin before others get to be read: a few milliseconds of decoding. */
const SLICE_BYTES = 256 * 1024

/** Advice while nothing was worked off lately, seconds. */
const IDLE_RETRY_SECONDS = 1

/** Between two looks for what has waited too long, milliseconds. */
const EXPIRE_MS = 25

export interface FairQueueOptions {
  /** Bytes that are decoded and written at once. */
  readonly windowBytes: number
  /** Longest wait for a turn, milliseconds. */
  readonly maxWaitMs: number
  /** A tenant's part beside those of the others. */
  readonly weightOf: (tenantId: string) => number
  /** Milliseconds. */
  readonly now: () => number
  /** Told how long each waited. */
  readonly onTurn?: (seconds: number) => void
}

/** A request that asks for its turn. */
export interface TurnRequest {
  readonly tenantId: string
  readonly bytes: number
  readonly priority: Priority
  /** When its sender gives up, milliseconds; infinity when it does not say. */
  readonly deadlineAtMs: number
  isAwaited(): boolean
}

/**
 * Decides whose request is decoded and written next, so that a tenant with many requests delays its own only: each tenant has a
 * lane, made when it is needed, and lanes take turns by bytes, each by its weight (deficit round robin, Shreedhar and Varghese
 * 1995). While there is room nobody waits.
 */
export class FairQueue {
  readonly #options: FairQueueOptions
  readonly #drain: DrainRate
  readonly #lanes = new Map<string, TenantLane>()
  /** Lanes with something in them, in the order of their turns. */
  readonly #round: TenantLane[] = []
  #length = 0
  #waitingBytes = 0
  #runningBytes = 0
  #sliceLeft = SLICE_BYTES
  /** Whether the next slice is on its way. */
  #isPausing = false
  #expiry: NodeJS.Timeout | undefined

  constructor(options: FairQueueOptions) {
    this.#options = options
    this.#drain = new DrainRate(options.now)
  }

  /** Requests that wait for their turn. */
  get length(): number {
    return this.#length
  }

  /** Bytes of requests that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** What is worked off in a second, bytes. */
  get drainPerSecond(): number {
    return this.#drain.perSecond
  }

  /** Seconds until so many bytes, and all that waits, are worked off. */
  retryAfterSeconds(bytes = 0): number {
    return this.#drain.secondsFor(this.#waitingBytes + bytes, IDLE_RETRY_SECONDS)
  }

  /**
   * Resolves when it is the request's turn, to what ends it.
   *
   * @throws IngestError DEADLINE_EXCEEDED, or UNAVAILABLE when it waited too long.
   */
  enter(request: TurnRequest): Promise<() => void> {
    if (request.deadlineAtMs <= this.#options.now()) return Promise.reject(tooLate())
    const cost = request.bytes + REQUEST_BYTES
    if (this.#length === 0 && this.#hasRoom(cost)) {
      this.#options.onTurn?.(0)
      return Promise.resolve(this.#begin(cost))
    }
    return new Promise((resolve, reject) => this.#wait(request, cost, resolve, reject))
  }

  #wait(request: TurnRequest, cost: number, resolve: (end: () => void) => void, reject: (error: IngestError) => void): void {
    const { tenantId, priority, deadlineAtMs } = request
    const { now, maxWaitMs, onTurn } = this.#options
    const sinceMs = now()
    const leave = (): void => {
      this.#length--
      this.#waitingBytes -= cost
      onTurn?.((now() - sinceMs) / 1000)
    }
    this.#laneOf(tenantId).push({
      priority,
      cost,
      deadlineAtMs: Math.min(deadlineAtMs, sinceMs + maxWaitMs),
      isAwaited: () => request.isAwaited(),
      start: () => {
        leave()
        resolve(this.#begin(cost))
      },
      expire: () => {
        leave()
        reject(deadlineAtMs <= now() ? tooLate() : new IngestError('UNAVAILABLE', 'not accepted, send again: there is more to do than ingest can', { retryAfterSeconds: this.retryAfterSeconds(cost) }))
      },
    })
    this.#length++
    this.#waitingBytes += cost
    this.#expiry ??= setInterval(() => this.#expire(), EXPIRE_MS).unref()
    this.#dispatch()
  }

  #hasRoom(cost: number): boolean {
    return this.#sliceLeft > 0 && (this.#runningBytes === 0 || this.#runningBytes + cost <= this.#options.windowBytes)
  }

  #begin(cost: number): () => void {
    this.#runningBytes += cost
    this.#sliceLeft -= cost
    if (!this.#isPausing) {
      this.#isPausing = true
      setImmediate(() => this.#nextSlice())
    }
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.#runningBytes -= cost
      this.#drain.done(cost)
      this.#dispatch()
    }
  }

  #nextSlice(): void {
    this.#isPausing = false
    this.#sliceLeft = SLICE_BYTES
    this.#dispatch()
  }

  #dispatch(): void {
    const round = this.#round
    while (round.length > 0) {
      const lane = round[0]!
      const next = lane.peek()
      if (next === undefined) {
        this.#leaveRound(lane)
        continue
      }
      if (!this.#hasRoom(next.cost)) return
      if (!lane.isServed) {
        lane.isServed = true
        lane.deficit += QUANTUM_BYTES * this.#options.weightOf(lane.tenantId)
      }
      if (next.cost > lane.deficit) {
        lane.isServed = false
        round.push(round.shift()!)
        continue
      }
      lane.shift()
      lane.deficit -= next.cost
      next.start()
    }
    clearInterval(this.#expiry)
    this.#expiry = undefined
  }

  #laneOf(tenantId: string): TenantLane {
    let lane = this.#lanes.get(tenantId)
    if (lane === undefined) {
      lane = new TenantLane(tenantId)
      this.#lanes.set(tenantId, lane)
      this.#round.push(lane)
    }
    return lane
  }

  /** A lane that is empty saves nothing up. */
  #leaveRound(lane: TenantLane): void {
    this.#round.splice(this.#round.indexOf(lane), 1)
    this.#lanes.delete(lane.tenantId)
  }

  #expire(): void {
    const nowMs = this.#options.now()
    for (const lane of this.#lanes.values()) lane.expire(nowMs)
    this.#dispatch()
  }
}

/** The sender has given up, or will have before there is an answer. */
function tooLate(): IngestError {
  return new IngestError('DEADLINE_EXCEEDED', 'not accepted, send again: the deadline passed before it was the request’s turn', { retryAfterSeconds: 1 })
}
