import { FingerprintSet } from './fingerprint-set.ts'

/** What stands in place of a value that is one too many. */
export const cardinalityLimited = '[cardinality limit]'

const NANOSECONDS_PER_MILLISECOND = 1_000_000n

/** Options of {@link CardinalityGuard}. */
export interface CardinalityOptions {
  /** Distinct values of one key, for one tenant, in one window. LowCardinality serves ClickHouse up to about ten thousand. @default 10000 */
  readonly maxValues?: number
  /** Then all values are forgotten and counting begins anew. Milliseconds. @default 3600000, an hour */
  readonly windowMs?: number
  /** Whether further values are replaced, or only reported. @default 'replace' */
  readonly mode?: 'replace' | 'report'
  /** Values remembered over all keys and tenants, about 16 to 32 bytes each; beyond, every value that is not yet known is one too many. @default 1000000 */
  readonly maxRemembered?: number
  /** Called once in a window for each key that reaches its limit. */
  readonly onLimit?: (key: LimitedKey) => void
}

/** Defaults of {@link CardinalityOptions}. */
export const cardinalityDefaults = {
  /** distinct values */
  maxValues: 10_000,
  /** milliseconds */
  windowMs: 3_600_000,
  mode: 'replace',
  /** values */
  maxRemembered: 1_000_000,
} as const satisfies Required<Omit<CardinalityOptions, 'onLimit'>>

/** A key that has too many values. */
export interface LimitedKey {
  readonly tenantId: string
  readonly table: string
  /** A column, or a column and the key of an attribute in it. */
  readonly key: string
}

/**
 * Bounds the distinct values of keys: the first ones of a window stay, further ones are replaced. What was let in once is let in
 * until the window ends, and what was not is not, so the same request sent again gives the same block.
 */
export class CardinalityGuard {
  readonly #options: Required<Omit<CardinalityOptions, 'onLimit'>> & Pick<CardinalityOptions, 'onLimit'>
  readonly #keys = new Map<string, GuardedKey>()
  #window = -1n
  #remembered = 0

  constructor(options: CardinalityOptions = {}) {
    this.#options = { ...cardinalityDefaults, ...options }
  }

  /** Begins a request. Time never runs backwards here: a request that came a little earlier belongs to the current window. */
  begin(receivedAtUnixNano: bigint): void {
    const window = receivedAtUnixNano / (BigInt(this.#options.windowMs) * NANOSECONDS_PER_MILLISECOND)
    if (window <= this.#window) return
    this.#window = window
    this.#keys.clear()
    this.#remembered = 0
  }

  /** The values of one key. */
  key(tenantId: string, table: string, key: string): GuardedKey {
    const name = `${tenantId}\n${table}\n${key}`
    let guarded = this.#keys.get(name)
    if (guarded === undefined) {
      guarded = new GuardedKey(this, { tenantId, table, key })
      // A key costs about as much as a few values do.
      if (this.takeRoom()) this.#keys.set(name, guarded)
    }
    return guarded
  }

  /** Values that one key may have. */
  get maxValues(): number {
    return this.#options.maxValues
  }

  /** Whether values beyond the limit are replaced. */
  get replaces(): boolean {
    return this.#options.mode === 'replace'
  }

  /** Whether there is room for one more value; it is taken. */
  takeRoom(): boolean {
    if (this.#remembered === this.#options.maxRemembered) return false
    this.#remembered++
    return true
  }

  report(key: LimitedKey): void {
    this.#options.onLimit?.(key)
  }
}

/** The values of one key in the current window. */
export class GuardedKey {
  readonly #guard: CardinalityGuard
  readonly #name: LimitedKey
  readonly #values = new FingerprintSet()
  #reported = false

  constructor(guard: CardinalityGuard, name: LimitedKey) {
    this.#guard = guard
    this.#name = name
  }

  /** Whether `source[start, stop)` is among the values that the key may have. */
  admits(source: Uint8Array, start: number, stop: number): boolean {
    const values = this.#values
    if (values.has(source, start, stop)) return true
    if (values.size < this.#guard.maxValues && this.#guard.takeRoom()) {
      values.add()
      return true
    }
    if (!this.#reported) this.#guard.report(this.#name)
    this.#reported = true
    return false
  }

  /** Whether values beyond the limit are replaced. */
  get replaces(): boolean {
    return this.#guard.replaces
  }
}
