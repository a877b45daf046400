import type { Logger } from '@ballast/service'
import type { Lease } from './lease.ts'

/** What this process is to do. */
export type Role =
  /** It acts, and writes under its token; `previous` is the token of who led before. */
  | { readonly kind: 'leading'; readonly token: number; readonly previous: number }
  /** Another one acts; this one measures along and waits. */
  | { readonly kind: 'following'; readonly leader: string | undefined }
  /** It cannot know who leads, so it acts: an alert told twice under one id is better than none. */
  | { readonly kind: 'alone' }

export interface LeadershipOptions {
  readonly lease: Lease
  readonly log: Logger
  /** A clock that never goes back and runs while the process is stopped, milliseconds. @default performance.now */
  readonly monotonic?: () => number
}

/**
 * Who acts. The lease is asked for at each tick and before each delivery that it might not outlast, never from the background: a process
 * that hangs must lose it. Its time is counted from before it was asked for.
 */
export class Leadership {
  readonly #lease: Lease
  readonly #log: Logger
  readonly #monotonic: () => number
  #role: Role = { kind: 'following', leader: undefined }
  #heldUntil = Number.NEGATIVE_INFINITY
  #lastAnswerAt: number
  #changes = 0
  #asking: Promise<Role> | undefined

  constructor({ lease, log, monotonic = () => performance.now() }: LeadershipOptions) {
    this.#lease = lease
    this.#log = log
    this.#monotonic = monotonic
    this.#lastAnswerAt = monotonic()
  }

  get role(): Role {
    return this.#role
  }

  /** How often the role changed. */
  get changes(): number {
    return this.#changes
  }

  /** Milliseconds for which this process surely leads; 0 when it does not. */
  remainingMs(): number {
    return this.#role.kind === 'leading' ? Math.max(0, this.#heldUntil - this.#monotonic()) : 0
  }

  /** Asks for the lease, or renews it. Never rejects. */
  campaign(): Promise<Role> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** Whether a side effect that takes up to `durationMs` may begin now. Renews the lease when too little of it is left. */
  async mayAct(durationMs: number): Promise<boolean> {
    const needed = Math.min(durationMs, this.#lease.durationMs / 2)
    if (this.#role.kind === 'leading' && this.remainingMs() < needed) await this.campaign()
    return this.#role.kind === 'alone' || (this.#role.kind === 'leading' && this.remainingMs() > 0)
  }

  /** A write was refused: another one leads. */
  lost(): void {
    if (this.#role.kind === 'leading') this.#become({ kind: 'following', leader: undefined })
  }

  /** Gives the lease up, so that another replica need not wait for its end. */
  async resign(): Promise<void> {
    if (this.#role.kind !== 'leading') return
    this.#become({ kind: 'following', leader: undefined })
    await this.#lease.release().catch(() => undefined)
  }

  async #ask(): Promise<Role> {
    const askedAt = this.#monotonic()
    try {
      const answer = await this.#lease.acquire()
      this.#lastAnswerAt = this.#monotonic()
      if (answer.held) {
        this.#heldUntil = askedAt + this.#lease.durationMs
        const { token, previous } = answer
        // A renewal says that the token before is its own: who led before it stays as it was.
        if (this.#role.kind !== 'leading' || this.#role.token !== token) this.#become({ kind: 'leading', token, previous })
      } else {
        this.#become({ kind: 'following', leader: answer.holder })
      }
    } catch (error) {
      // Who leads goes on until its time is over; then everybody acts, because nobody can know of anybody.
      if (this.remainingMs() === 0 && this.#monotonic() - this.#lastAnswerAt >= this.#lease.durationMs) this.#become({ kind: 'alone' }, error)
    }
    return this.#role
  }

  #become(role: Role, cause?: unknown): void {
    const before = this.#role
    this.#role = role
    if (before.kind === role.kind && (before.kind !== 'leading' || before.token === (role as typeof before).token)) return
    this.#changes += 1
    switch (role.kind) {
      case 'leading':
        return this.#log.info({ token: role.token, before: before.kind }, 'this replica leads: it alerts and delivers')
      case 'following':
        return this.#log.info({ leader: role.leader, before: before.kind }, 'another replica leads: this one measures along')
      case 'alone':
        return this.#log.warn({ err: cause }, 'Redis does not answer: this replica acts without knowing of others; receivers may be told twice under one id')
    }
  }
}
