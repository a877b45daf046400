import { type Priority, priorities } from './priority.ts'

/** A request that waits for its turn. */
export interface Waiter {
  readonly priority: Priority
  /** What its turn costs. */
  readonly cost: number
  /** When it is too late, milliseconds. */
  readonly deadlineAtMs: number
  /** Whether its sender still waits. */
  readonly isAwaited: () => boolean
  /** It is its turn. */
  start(): void
  /** It is too late. */
  expire(): void
}

/** What one tenant has waiting, by priority, each in the order of arrival. */
export class TenantLane {
  readonly tenantId: string
  /** What it may spend in this round. */
  deficit = 0
  /** Whether it has got its part of this round. */
  isServed = false
  readonly #waiting: Readonly<Record<Priority, Waiter[]>> = { high: [], normal: [], low: [] }

  constructor(tenantId: string) {
    this.tenantId = tenantId
  }

  get length(): number {
    return priorities.reduce((sum, priority) => sum + this.#waiting[priority].length, 0)
  }

  push(waiter: Waiter): void {
    this.#waiting[waiter.priority].push(waiter)
  }

  /** The next. */
  peek(): Waiter | undefined {
    for (const priority of priorities) if (this.#waiting[priority].length > 0) return this.#waiting[priority][0]
    return undefined
  }

  shift(): void {
    for (const priority of priorities) {
      if (this.#waiting[priority].length > 0) {
        this.#waiting[priority].shift()
        return
      }
    }
  }

  /** Takes out, and tells, what is too late or nobody waits for. Returns how many that were. */
  expire(nowMs: number): number {
    const late: Waiter[] = []
    for (const priority of priorities) {
      const waiting = this.#waiting[priority]
      const kept = waiting.filter((waiter) => {
        const isLate = waiter.deadlineAtMs <= nowMs || !waiter.isAwaited()
        if (isLate) late.push(waiter)
        return !isLate
      })
      if (kept.length < waiting.length) waiting.splice(0, waiting.length, ...kept)
    }
    for (const waiter of late) waiter.expire()
    return late.length
  }
}
