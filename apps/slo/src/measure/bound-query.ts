/** A query and the values bound to it; nothing that a person wrote is part of the text. */
export interface BoundQuery {
  readonly query: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** Hands out a parameter for each distinct value. */
export class Parameters {
  readonly values: Record<string, unknown> = {}
  readonly #known = new Map<string, string>()

  /** The placeholder that stands for `value` in the query. */
  bind(type: string, value: unknown): string {
    const key = JSON.stringify([type, value])
    let name = this.#known.get(key)
    if (name === undefined) {
      name = `p${this.#known.size}`
      this.#known.set(key, name)
      this.values[name] = value
    }
    return `{${name}:${type}}`
  }
}

/** From one time up to another, which is not included: milliseconds since the epoch. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

const NANOSECONDS_PER_MS = 1_000_000n

/** `Timestamp` lies within the stretch: exact to the nanosecond, whatever the server's time zone is. */
export function timePredicate({ fromMs, toMs }: Stretch, parameters: Parameters): string {
  const at = (ms: number): string => `fromUnixTimestamp64Nano(${parameters.bind('Int64', String(BigInt(ms) * NANOSECONDS_PER_MS))})`
  return `Timestamp >= ${at(fromMs)} AND Timestamp < ${at(toMs)}`
}
