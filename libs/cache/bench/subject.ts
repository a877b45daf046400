/** One library, set up to answer from the tier that is measured. */
export interface Subject {
  readonly name: string
  readonly get: (id: string) => unknown
  /** Where the library has a call for several ids. */
  readonly getMany?: (ids: readonly string[]) => unknown
  /** Throws when not all answers came the way that is measured. */
  readonly verify?: () => void
  readonly close?: () => unknown
}

/** How a case calls its subjects. */
export interface Measurement {
  /** One call of a subject; `n` counts all calls of the case. */
  readonly call: (subject: Subject, n: number) => unknown
  /** How long one subject is called before the next takes its turn, in milliseconds. As many calls of each would leave most of the time to the slow ones. */
  readonly turnMs: number
  readonly rounds: number
  /** Calls between two looks at the clock, which cost as much as a hit of the local tier. */
  readonly callsPerLook: number
  /** Calls under way at once; 1 awaits each before the next. */
  readonly atOnce: number
}

/** What a subject did in all rounds. */
export interface Rate {
  /** Calls a second: the median of all rounds. */
  readonly perSecond: number
  /** In each round, so that two subjects are compared as they were at about the same time. */
  readonly rounds: readonly number[]
}

/** Rounds before those that count: caches are full by then, and the code is compiled. */
const WARM_UP_ROUNDS = 3

/** Calls a second of each subject, in rounds in which all take their turns, so that a busy machine slows all alike. */
export async function measure(subjects: readonly Subject[], { call, turnMs, rounds, callsPerLook, atOnce }: Measurement): Promise<Map<string, Rate>> {
  const rates = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  let next = 0
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      // Nobody pays for the garbage of the one before.
      globalThis.gc?.({ type: 'minor' })
      const from = next
      const startedAt = performance.now()
      let over = false
      const caller = async (): Promise<void> => {
        while (!over) {
          await call(subject, next++)
          if (next % callsPerLook === 0) over = performance.now() - startedAt >= turnMs
        }
      }
      await Promise.all(Array.from({ length: atOnce }, caller))
      if (round >= 0) rates.get(subject.name)!.push((next - from) / ((performance.now() - startedAt) / 1_000))
    }
  }
  return new Map([...rates].map(([name, values]) => [name, { perSecond: median(values), rounds: values }]))
}

/** How many times as fast the one was as the other: the median of all rounds. */
export function ratioOf(one: Rate, other: Rate): number {
  return median(one.rounds.map((value, round) => value / other.rounds[round]!))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
