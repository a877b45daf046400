import type { Clock } from '../clock.ts'

/** What stands in for Redis: entries and leases in memory, changed as the scripts would change them. */
export class MemoryServer {
  readonly entries = new Map<string, { bytes: Buffer; until: number }>()
  readonly leases = new Map<string, { token: string; until: number }>()
  /** Told of each changed entry at once, as `CLIENT TRACKING` would; `undefined` says that any may have changed. */
  readonly watchers = new Set<(key: string | undefined) => void>()
  readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** The bytes under a key, unless they have expired. */
  entry(key: string): Buffer | undefined {
    const entry = this.entries.get(key)
    return entry !== undefined && entry.until > this.clock.exactNow() ? entry.bytes : undefined
  }

  set(key: string, bytes: Buffer, ttlMs: number): void {
    this.entries.set(key, { bytes, until: this.clock.exactNow() + ttlMs })
    this.#tell(key)
  }

  /** What `redis-cli DEL` does: the lease stays. */
  delete(key: string): void {
    if (this.entries.delete(key)) this.#tell(key)
  }

  /** What the scripts do to delete: whoever loads the key hears of it, also when there was no entry. */
  invalidate(key: string): void {
    this.entries.delete(key)
    this.leases.delete(key)
    this.#tell(key)
  }

  /** `FLUSHALL`. */
  flush(): void {
    this.entries.clear()
    this.leases.clear()
    this.#tell(undefined)
  }

  /** A restart: everything is gone and nobody is told. The tiers must {@link MemoryTier.cut | lose their channels} as well. */
  lose(): void {
    this.entries.clear()
    this.leases.clear()
  }

  /** Who may load a key now. */
  holder(key: string): string | undefined {
    const lease = this.leases.get(key)
    return lease !== undefined && lease.until > this.clock.exactNow() ? lease.token : undefined
  }

  #tell(key: string | undefined): void {
    for (const watcher of this.watchers) watcher(key)
  }
}
