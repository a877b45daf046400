import type { Logger } from '@ballast/service'
import { SloError } from '../errors.ts'
import type { Leadership } from '../leader/leadership.ts'
import { AttemptSlots } from '../notify/attempt-slots.ts'
import { type RetryPolicy, retryDelayMs } from '../notify/retry-delay.ts'
import type { Channel } from './channel.ts'
import { type Delivery, toldKey } from './delivery.ts'
import type { Ledger } from './ledger.ts'

/** What became of an attempt. */
export type AttemptOutcome = 'delivered' | 'failed' | 'dead'

export interface OutboxOptions {
  readonly ledger: Ledger
  readonly leadership: Leadership
  readonly channels: ReadonlyMap<string, Channel>
  readonly log: Logger
  /** Why a delivery is not to go out now; `undefined` when it may. */
  readonly holdBack: (delivery: Delivery, nowMs: number) => string | undefined
  /** Called after each attempt, with the age of the delivery. */
  readonly onAttempt?: (target: string, outcome: AttemptOutcome, ageMs: number) => void
  readonly retry?: RetryPolicy
  /** A delivery is given up at this age, milliseconds. @default outboxDefaults.maxAgeMs */
  readonly maxAgeMs?: number
  /** The clock, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
  /** 0 to below 1. @default Math.random */
  readonly random?: () => number
}

/** Defaults of delivery. */
export const outboxDefaults = {
  /** First wait up to 1 s, no wait over 5 min. */
  retry: { baseMs: 1000, maxMs: 300_000 },
  /** After a day nobody wants to hear of it. */
  maxAgeMs: 24 * 60 * 60 * 1000,
  /** Deliveries that may wait. */
  maxDeliveries: 100_000,
  /** Attempts that run at once for one target, so that one that hangs does not hold up the others. */
  maxConcurrent: 4,
} as const

/**
 * Sends what is queued: at least once, each alert's notices to one target in order, the lease checked before every attempt. What arrived
 * is committed; a replica that is killed in between leaves it to the next one, which sends it under the same id.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #now: () => number
  readonly #slots = new Map<string, AttemptSlots>()
  /** Targets and alerts for which an attempt runs. */
  readonly #lanes = new Map<string, Promise<void>>()
  /** Targets that said they are gone, until the next start. */
  readonly #gone = new Set<string>()
  readonly #closing = new AbortController()
  #timer: { readonly at: number; readonly timeout: NodeJS.Timeout } | undefined

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Starts the attempts that are due; they run on by themselves, and so do their repetitions. */
  dispatch(): void {
    this.#boundSize()
    this.#start(this.#options.ledger.deliveries.values())
  }

  /** Starts what is due among some deliveries: of each target and alert the oldest. */
  #start(deliveries: Iterable<Delivery>): void {
    if (this.#closing.signal.aborted || this.#options.leadership.role.kind === 'following') return
    const nowMs = this.#now()
    const first = new Map<string, Delivery>()
    for (const delivery of deliveries) {
      const lane = laneOf(delivery)
      const other = first.get(lane)
      if (other === undefined || delivery.sequence < other.sequence) first.set(lane, delivery)
    }
    for (const [lane, delivery] of first) {
      if (this.#lanes.has(lane) || this.#options.holdBack(delivery, nowMs) !== undefined) continue
      if (delivery.notBeforeMs > nowMs) this.#wakeAt(delivery.notBeforeMs)
      else this.#lanes.set(lane, this.#run(lane, delivery))
    }
  }

  /** Whether an attempt of this delivery runs now. */
  underWay(delivery: Delivery): boolean {
    return this.#lanes.has(laneOf(delivery))
  }

  /** Stops; what has not arrived is sent after the next start, or by another replica. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#timer !== undefined) clearTimeout(this.#timer.timeout)
    await Promise.all(this.#lanes.values())
  }

  async #run(lane: string, delivery: Delivery): Promise<void> {
    let moved = false
    try {
      moved = await this.#slotsOf(delivery.target).run(() => this.#attempt(delivery))
    } catch (error) {
      const { log } = this.#options
      if (!this.#closing.signal.aborted) log.warn({ reason: reasonOf(error), target: delivery.target, alert: delivery.notice.alert.id }, 'a delivery could not be recorded; it is sent again under the same id')
    }
    this.#lanes.delete(lane)
    // What comes next is of the same alert. What did not move waits for the next tick, by which it is clear who leads.
    if (moved) this.#start(this.#options.ledger.deliveriesOf(delivery.key))
  }

  /** When everything fires and nobody listens, the oldest notices are given up: the newest are of more use. */
  #boundSize(): void {
    const { ledger } = this.#options
    const over = ledger.deliveries.size - outboxDefaults.maxDeliveries
    if (over <= 0) return
    const idle = [...ledger.deliveries.values()].filter((delivery) => !this.underWay(delivery)).toSorted((a, b) => a.queuedAtMs - b.queuedAtMs)
    for (const delivery of idle.slice(0, over)) void this.#giveUp(delivery, 'too many deliveries wait').catch(() => undefined)
  }

  /** @returns whether the delivery moved: arrived, was put off, or was given up. */
  async #attempt(delivery: Delivery): Promise<boolean> {
    const { ledger, leadership, channels } = this.#options
    const { signal } = this.#closing
    const channel = channels.get(delivery.target)
    // The lease may have ended while it waited for its turn, and the delivery with it.
    const isDue = (): boolean => !signal.aborted && ledger.deliveries.get(delivery.id) === delivery
    if (!isDue() || !(await leadership.mayAct(channel?.timeoutMs ?? 0)) || !isDue()) return false
    if (channel === undefined || this.#gone.has(delivery.target)) {
      await this.#giveUp(delivery, channel === undefined ? 'the target is not configured any more' : 'the target said that it is gone')
      return true
    }
    try {
      await channel.send(delivery, AbortSignal.any([signal, AbortSignal.timeout(channel.timeoutMs)]))
    } catch (error) {
      if (signal.aborted) return false
      await this.#failed(delivery, error)
      return true
    }
    this.#report(delivery, 'delivered')
    const { notice, key, target, id } = delivery
    const told = notice.state === 'firing' ? new Map([[toldKey(key, target), { alertId: notice.alert.id, atMs: this.#now() }]]) : undefined
    await ledger.commit({ finished: [id], ...(told !== undefined && { told }) })
    return true
  }

  async #failed(delivery: Delivery, error: unknown): Promise<void> {
    const { retry = outboxDefaults.retry, random = Math.random, maxAgeMs = outboxDefaults.maxAgeMs, ledger, log } = this.#options
    const failure = error instanceof SloError ? error : undefined
    if (failure?.permanent === 'target') this.#gone.add(delivery.target)
    if (failure?.permanent !== undefined) return this.#giveUp(delivery, reasonOf(error))
    const nowMs = this.#now()
    if (nowMs - delivery.queuedAtMs >= maxAgeMs) return this.#giveUp(delivery, `too old; last: ${reasonOf(error)}`)
    this.#report(delivery, 'failed')
    const waitMs = retryDelayMs(retry, delivery.attempts, random(), failure?.retryAfterMs)
    log.warn({ reason: reasonOf(error), target: delivery.target, alert: delivery.notice.alert.id, attempt: delivery.attempts + 1, waitMs }, 'a target did not take an alert; it is sent again')
    await ledger.commit({ queued: [{ ...delivery, attempts: delivery.attempts + 1, notBeforeMs: nowMs + waitMs }] })
  }

  async #giveUp(delivery: Delivery, reason: string): Promise<void> {
    const { ledger, log } = this.#options
    this.#report(delivery, 'dead')
    log.error({ reason, target: delivery.target, alert: delivery.notice.alert.id, state: delivery.notice.state }, 'an alert could not be delivered and was given up')
    await ledger.commit({ finished: [delivery.id], dead: [{ delivery, reason, atMs: this.#now() }] })
  }

  #report({ target, queuedAtMs }: Delivery, outcome: AttemptOutcome): void {
    this.#options.onAttempt?.(target, outcome, this.#now() - queuedAtMs)
  }

  #slotsOf(target: string): AttemptSlots {
    let slots = this.#slots.get(target)
    if (slots === undefined) this.#slots.set(target, (slots = new AttemptSlots(outboxDefaults.maxConcurrent)))
    return slots
  }

  #wakeAt(atMs: number): void {
    if (this.#timer !== undefined && this.#timer.at <= atMs && this.#timer.at > this.#now()) return
    if (this.#timer !== undefined) clearTimeout(this.#timer.timeout)
    const timeout = setTimeout(() => {
      this.#timer = undefined
      this.dispatch()
    }, Math.max(1, atMs - this.#now()))
    this.#timer = { at: atMs, timeout: timeout.unref() }
  }
}

function laneOf({ target, key }: Delivery): string {
  return toldKey(key, target)
}

/** What went wrong, in a few words; the address stays out, because it may hold a token. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
