import type { Parameters } from '../measure/bound-query.ts'
import type { RowConditions, RowScope } from '../measure/indicator.ts'
import type { RowTable } from './row-table.ts'

/** A test of one row, by the numbers that its dimensions have. */
export type RowTest = (dims: readonly number[]) => boolean

/**
 * What rows of a table are told apart by, as small numbers: each column becomes the place of its value among those that indicators name
 * (0 for any other), the duration becomes the number of limits that it reaches. So a scan groups rows into the few classes that make a
 * difference to somebody, and its cost does not grow with the number of indicators.
 */
export class RowDimensions {
  readonly #rows: RowTable
  /** SQL expression of a column to its values, in the order of the dimensions. */
  readonly #columns = new Map<string, { readonly values: string[]; readonly key: string | undefined }>()
  readonly #limits: number[]

  constructor(rows: RowTable, scopes: readonly RowScope[], conditions: readonly RowConditions[]) {
    this.#rows = rows
    const all = [...scopes.map((scope) => scope.conditions), ...conditions]
    this.#limits = [...new Set(all.flatMap(({ maxDurationNs, minDurationNs }) => [maxDurationNs ?? [], minDurationNs ?? []].flat()))].toSorted((a, b) => a - b)
    for (const scope of scopes) {
      this.#note('ServiceName', scope.service)
      this.#note(rows.operation, scope.operation)
      if (rows.kind !== undefined) this.#note(rows.kind, scope.kind)
      this.#note('TenantId', scope.tenant)
    }
    for (const { status, statusNot, attributes = {} } of all) {
      this.#note(rows.status, status)
      this.#note(rows.status, statusNot)
      for (const [key, value] of Object.entries(attributes)) this.#note(`attribute ${key}`, value, key)
    }
  }

  /** Services that any scope names. */
  get services(): readonly string[] {
    return this.#columns.get('ServiceName')?.values ?? []
  }

  /** One expression for each dimension. */
  expressions(parameters: Parameters): string[] {
    const columns = [...this.#columns].map(([column, { values, key }]) => {
      const expression = key === undefined ? column : `${this.#rows.attributes}[${parameters.bind('String', key)}]`
      const list = parameters.bind('Array(String)', values)
      return `transform(toString(${expression}), ${list}, arrayEnumerate(${list}), toUInt32(0))`
    })
    if (this.#limits.length === 0) return columns
    const limits = parameters.bind('Array(UInt64)', this.#limits)
    return [...columns, `toUInt32(arrayCount(each -> ${this.#rows.duration} >= each, ${limits}))`]
  }

  /** Whether a row is in a scope. */
  inScope({ service, operation, kind, tenant, conditions }: RowScope): RowTest {
    return all([
      this.#is('ServiceName', service),
      this.#is(this.#rows.operation, operation),
      this.#rows.kind === undefined ? undefined : this.#is(this.#rows.kind, kind),
      this.#is('TenantId', tenant),
      this.meets(conditions),
    ])
  }

  /** Whether a row meets conditions. */
  meets({ status, statusNot, maxDurationNs, minDurationNs, attributes = {} }: RowConditions): RowTest {
    const not = this.#is(this.#rows.status, statusNot)
    const duration = this.#columns.size
    // A duration reaches a limit when it has as many limits below it or at it: the one at `index` is reached by more than `index`.
    const [max, min] = [this.#limits.indexOf(maxDurationNs ?? -1), this.#limits.indexOf(minDurationNs ?? -1)]
    return all([
      this.#is(this.#rows.status, status),
      not && ((dims) => !not(dims)),
      maxDurationNs === undefined ? undefined : (dims) => dims[duration]! <= max,
      minDurationNs === undefined ? undefined : (dims) => dims[duration]! > min,
      ...Object.entries(attributes).map(([key, value]) => this.#is(`attribute ${key}`, value)),
    ])
  }

  #note(column: string, value: string | undefined, key?: string): void {
    if (value === undefined) return
    const known = this.#columns.get(column)
    if (known === undefined) this.#columns.set(column, { values: [value], key })
    else if (!known.values.includes(value)) known.values.push(value)
  }

  #is(column: string, value: string | undefined): RowTest | undefined {
    if (value === undefined) return undefined
    const index = [...this.#columns.keys()].indexOf(column)
    const number = this.#columns.get(column)!.values.indexOf(value) + 1
    return (dims) => dims[index] === number
  }
}

function all(tests: readonly (RowTest | undefined)[]): RowTest {
  const given = tests.filter((test) => test !== undefined)
  return (dims) => given.every((test) => test(dims))
}
