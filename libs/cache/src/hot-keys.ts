/** On average one call in so many is looked at: the others cost one subtraction. A look that replaces a key costs microseconds, so looks are seldom. */
const SAMPLED_ONE_IN = 1_024
/** Keys that are counted at a time: one that has more than a hundredth of the calls cannot be missed for long. */
const CAPACITY = 128
/** After so many looks all counts are halved, so that what was hot once is forgotten. */
const HALF_LIFE_LOOKS = 2_048

/** One key that is asked for often. */
export interface HotKey {
  /** Name of the definition; `~` is `getOrLoad`. */
  readonly definition: string
  readonly id: string
  /** Its part of the calls of its definition, lately; 0 to 1. */
  readonly share: number
  /** About how many calls that were, lately; older ones count less. */
  readonly calls: number
  /** By how much `calls` may be too high. */
  readonly errorCalls: number
}

interface Count {
  looks: number
  /** The count of the key that gave way to this one. */
  error: number
}

/**
 * The keys of one definition that are asked for most, found among a sample of its calls in bounded memory:
 * Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005 (Space-Saving).
 */
export class HotKeys {
  readonly #random: () => number
  readonly #counts = new Map<string, Count>()
  #looks = 0
  #untilLook = 1

  /** @param random - decides which calls are looked at, so that no rhythm of theirs hides a key. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** A key was asked for. On the way of every hit. */
  asked(id: string): void {
    if (--this.#untilLook === 0) this.#look(id)
  }

  /** The most frequent first. */
  report(definition: string): HotKey[] {
    return Array.from(this.#counts, ([id, { looks, error }]) => ({ definition, id, share: looks / this.#looks, calls: looks * SAMPLED_ONE_IN, errorCalls: error * SAMPLED_ONE_IN })).toSorted((a, b) => b.calls - a.calls)
  }

  #look(id: string): void {
    this.#untilLook = 1 + Math.floor(this.#random() * (2 * SAMPLED_ONE_IN - 1))
    this.#looks++
    const known = this.#counts.get(id)
    if (known !== undefined) known.looks++
    else this.#counts.set(id, this.#counts.size < CAPACITY ? { looks: 1, error: 0 } : this.#replaceLeast())
    if (this.#looks >= HALF_LIFE_LOOKS) this.#halve()
  }

  #replaceLeast(): Count {
    let least = ''
    let fewest = Number.POSITIVE_INFINITY
    for (const [id, { looks }] of this.#counts) {
      if (looks < fewest) {
        least = id
        fewest = looks
      }
    }
    this.#counts.delete(least)
    return { looks: fewest + 1, error: fewest }
  }

  #halve(): void {
    this.#looks /= 2
    for (const [id, count] of this.#counts) {
      count.looks /= 2
      count.error /= 2
      if (count.looks < 1) this.#counts.delete(id)
    }
  }
}
