import type { Clock } from '../clock.ts'
import { FORMATS, OFFSETS } from '../entry/envelope.ts'
import type { ChangedKind, ChangeListener } from '../redis/changes.ts'
import type { MarkKind } from '../redis/shared-tier.ts'

/** What stands in for Redis: entries, leases and marks in memory, changed as the scripts would change them. */
export class MemoryServer {
  readonly entries = new Map<string, { bytes: Buffer; until: number }>()
  readonly leases = new Map<string, { token: string; until: number }>()
  /** `hard:soft`, in microseconds. */
  readonly marks = new Map<string, string>()
  /** Since when the marks are complete, in microseconds; 0 after a loss, until somebody asks. */
  originUs = 1
  /** Told of each changed entry at once, as `CLIENT TRACKING` would; `undefined` says that any may have changed. */
  readonly watchers = new Set<ChangeListener>()
  /** Told only of what this library publishes, as it does where tracking is refused. */
  readonly subscribers = new Set<ChangeListener>()
  readonly clock: Clock
  #lastUs = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** The bytes under a key, unless they have expired. */
  entry(key: string): Buffer | undefined {
    const entry = this.entries.get(key)
    return entry !== undefined && entry.until > this.clock.exactNow() ? entry.bytes : undefined
  }

  /** @param published - false for a change that a process without tracking does not hear of. */
  set(key: string, bytes: Buffer, ttlMs: number, published = true): void {
    this.entries.set(key, { bytes, until: this.clock.exactNow() + ttlMs })
    this.#tell(key, 'entry', published)
  }

  /** What `redis-cli DEL` does: the lease stays. */
  delete(key: string): void {
    if (this.entries.delete(key)) this.#tell(key, 'entry', false)
  }

  /** What the scripts do to delete: whoever loads the key hears of it, also when there was no entry. */
  invalidate(key: string): void {
    this.entries.delete(key)
    this.leases.delete(key)
    this.#tell(key)
  }

  /** `TIME` in microseconds: no two commands see the same. */
  timeUs(): number {
    this.#lastUs = Math.max(this.#lastUs + 1, this.clock.exactNow() * 1_000)
    return this.#lastUs
  }

  /** Sets the mark of a tag or namespace to now, which it returns. */
  mark(key: string, kind: MarkKind): number {
    const now = this.timeUs()
    const [hard, soft] = (this.marks.get(key) ?? '0:0').split(':')
    this.marks.set(key, kind === 'hard' ? `${now}:${soft}` : `${hard}:${now}`)
    this.#tell(key, 'mark')
    return now
  }

  /** The origin of the marks, which is now if there was none. */
  findOrigin(): number {
    if (this.originUs === 0) this.originUs = this.timeUs()
    return this.originUs
  }

  /** Makes an entry live longer, unless it lives for `unlessMs` already. */
  touch(key: string, ttlMs: number, unlessMs: number): void {
    const leftMs = (this.entries.get(key)?.until ?? 0) - this.clock.exactNow()
    if (leftMs > 0 && leftMs < unlessMs && leftMs < ttlMs) this.set(key, this.entries.get(key)!.bytes, ttlMs, false)
  }

  /** Declares an entry stale in place; what may not be stale, an absence, goes. */
  expire(key: string): void {
    this.leases.delete(key)
    const bytes = this.entry(key)
    if (bytes === undefined || bytes.readDoubleBE(OFFSETS.softAt - 1) === bytes.readDoubleBE(OFFSETS.hardAt - 1)) return this.invalidate(key)
    const expired = Buffer.from(bytes)
    expired[OFFSETS.format - 1] = FORMATS.expired
    this.set(key, expired, this.entries.get(key)!.until - this.clock.exactNow())
  }

  /** `FLUSHALL`. */
  flush(): void {
    this.#empty()
    this.#tell(undefined, 'entry', false)
  }

  /** A restart: everything is gone and nobody is told. The tiers must {@link MemoryTier.cut | lose their channels} as well. */
  lose(): void {
    this.#empty()
  }

  /** Who may load a key now. */
  holder(key: string): string | undefined {
    const lease = this.leases.get(key)
    return lease !== undefined && lease.until > this.clock.exactNow() ? lease.token : undefined
  }

  #empty(): void {
    this.entries.clear()
    this.leases.clear()
    this.marks.clear()
    this.originUs = 0
  }

  #tell(key: string | undefined, kind: ChangedKind = 'entry', published = true): void {
    for (const watcher of this.watchers) watcher(key, kind)
    if (published) for (const subscriber of this.subscribers) subscriber(key, kind)
  }
}
