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
  /** Calls of one round and subject. */
  readonly calls: number
  readonly rounds: number
  /** Calls under way at once; 1 awaits each before the next. */
  readonly atOnce: number
}

/** Calls a second of each subject: the median of rounds in which all take their turns, so that a busy machine slows all alike. */
export async function measure(subjects: readonly Subject[], measurement: Measurement): Promise<Map<string, number>> {
  const rates = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  let done = 0
  // One round more than asked: the first warms up and does not count.
  for (let round = 0; round <= measurement.rounds; round++) {
    const order = round % 2 === 0 ? subjects : subjects.toReversed()
    for (const subject of order) {
      const startedAt = performance.now()
      if (measurement.atOnce === 1) await oneAfterAnother(subject, measurement, done)
      else await manyAtOnce(subject, measurement, done)
      const seconds = (performance.now() - startedAt) / 1000
      done += measurement.calls
      if (round > 0) rates.get(subject.name)!.push(measurement.calls / seconds)
    }
  }
  return new Map([...rates].map(([name, values]) => [name, median(values)]))
}

async function oneAfterAnother(subject: Subject, { call, calls }: Measurement, from: number): Promise<void> {
  for (let n = from; n < from + calls; n++) await call(subject, n)
}

async function manyAtOnce(subject: Subject, { call, calls, atOnce }: Measurement, from: number): Promise<void> {
  let next = from
  const caller = async (): Promise<void> => {
    while (next < from + calls) await call(subject, next++)
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
