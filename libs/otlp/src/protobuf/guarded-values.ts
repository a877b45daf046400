import { encodeString, type MapColumn, type MapRow } from '@ballast/clickhouse'
import { type CardinalityGuard, cardinalityLimited, type GuardedKey } from '../cardinality/cardinality-guard.ts'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'

const LIMITED = encodeString(cardinalityLimited)

/** Bounds the distinct values of each key in the rows of a map column. */
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

  /** The row with values beyond the limits replaced. */
  bounded(row: MapRow, tally: Tally): MapRow {
    const guard = this.#guard
    if (guard === undefined) return row
    const values: Buffer[] = []
    this.#column.forEachValue(row, (key, encoded, start) => {
      const admitted = this.#guarded(guard, key).admits(encoded, start, encoded.length)
      if (!admitted) tally.warn('cardinality_limit')
      values.push(admitted || !guard.replaces ? encoded : LIMITED)
    })
    return { keys: row.keys, values: Buffer.concat(values) }
  }

  #guarded(guard: CardinalityGuard, key: number): GuardedKey {
    const { table, column } = this.#name
    return (this.#keys[key] ??= guard.key(this.#tenantId, table, `${column}.${this.#column.keys.dictionary.text(key)}`))
  }
}
