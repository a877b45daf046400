import { EncodedTexts, type MapColumn } from '@ballast/clickhouse'
import { type CardinalityGuard, cardinalityLimited, type GuardedKey } from '../cardinality/cardinality-guard.ts'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'

const LIMITED = EncodedTexts.of(cardinalityLimited)

/** Bounds the distinct values of each key of a map column. */
export class GuardedValues {
  readonly #column: MapColumn
  readonly #name: { readonly table: string; readonly column: string }
  /** By the number of the key in the block. */
  readonly #keys: GuardedKey[] = []
  #guard: CardinalityGuard | undefined
  #tenantId = ''

  constructor(column: MapColumn, name: { readonly table: string; readonly column: string }) {
    this.#column = column
    this.#name = name
  }

  /** Begins a block. */
  clear({ cardinality, tenantId }: TranscodeOptions): void {
    this.#keys.length = 0
    this.#guard = cardinality
    this.#tenantId = tenantId
  }

  /** Whether there are bounds. */
  get active(): boolean {
    return this.#guard !== undefined
  }

  /** Replaces the value that was added last, from `start` of the column's data on, if it is one too many for the key with this number. */
  boundLast(key: number, start: number, tally: Tally): void {
    const guard = this.#guard
    const { values } = this.#column
    if (guard === undefined || this.#guarded(guard, key).admits(values.data.bytes, start, values.data.length)) return
    tally.warn('cardinality_limit')
    if (!guard.replaces) return
    values.removeLast(start)
    values.appendEncoded(LIMITED, 1)
  }

  #guarded(guard: CardinalityGuard, key: number): GuardedKey {
    const { table, column } = this.#name
    return (this.#keys[key] ??= guard.key(this.#tenantId, table, `${column}.${this.#column.keys.dictionary.text(key)}`))
  }
}
