import fc from 'fast-check'
import type { Hop, MessageHop } from '../src/testing/testing.ts'

/** Last moment at which a step begins. */
export const RUN_MS = 600
/** Longest that one half of a load or a commit takes. */
export const MAX_WORK_MS = 60

/** One thing that happens to one process. */
export interface Step {
  readonly at: number
  readonly process: number
  readonly id: string
  readonly kind: 'get' | 'invalidate' | 'remove' | 'expire' | 'tag' | 'clear' | 'write' | 'write-version' | 'write-fails' | 'crash' | 'partition' | 'cut' | 'restart'
  /** How long the source takes before and after it reads or commits; of a partition, how long it lasts. */
  readonly beforeMs: number
  readonly afterMs: number
}

/** All that happens in one run, and how the network treats it. */
export interface Schedule {
  readonly processes: number
  readonly steps: readonly Step[]
  /** The ways that commands take, in turns. */
  readonly hops: readonly Hop[]
  /** The ways that messages about changes take, in turns; none at all where changes are not heard. */
  readonly messages: readonly MessageHop[]
  /** Whether messages keep their order. */
  readonly ordered: boolean
  /** By what changes are heard. */
  readonly heardBy: 'tracking' | 'pubsub'
}

const calls: fc.MaybeWeightedArbitrary<Step['kind']>[] = [
  { weight: 12, arbitrary: fc.constant('get') },
  { weight: 4, arbitrary: fc.constantFrom('invalidate', 'invalidate', 'remove', 'expire') },
  { weight: 4, arbitrary: fc.constantFrom('write', 'write-version', 'write-fails') },
]
const faults: fc.MaybeWeightedArbitrary<Step['kind']>[] = [
  { weight: 1, arbitrary: fc.constantFrom('crash', 'restart') },
  { weight: 1, arbitrary: fc.constantFrom('partition', 'cut') },
]

const stepOf = (kinds: fc.MaybeWeightedArbitrary<Step['kind']>[]): fc.Arbitrary<Step> =>
  fc.record({
    at: fc.nat(RUN_MS),
    process: fc.nat(3),
    id: fc.constantFrom('a', 'a', 'b'),
    kind: fc.oneof(...kinds),
    beforeMs: fc.nat(MAX_WORK_MS),
    afterMs: fc.nat(MAX_WORK_MS),
  })

const scheduleOf = (kinds: fc.MaybeWeightedArbitrary<Step['kind']>[], hop: fc.Arbitrary<Hop>, messages: fc.Arbitrary<MessageHop[]>): fc.Arbitrary<Schedule> =>
  fc.record({
    processes: fc.integer({ min: 2, max: 4 }),
    steps: fc.array(stepOf(kinds), { minLength: 3, maxLength: 16, size: 'max' }),
    hops: fc.array(hop, { minLength: 1, maxLength: 8 }),
    messages,
    ordered: fc.boolean(),
    heardBy: fc.constantFrom('tracking', 'tracking', 'pubsub'),
  })

const answered: fc.Arbitrary<Hop> = fc.record({ delivery: fc.constant('answered'), outMs: fc.nat(25), backMs: fc.nat(25) })
const lossy: fc.Arbitrary<Hop> = fc.record({ delivery: fc.constantFrom('answered', 'answered', 'answered', 'answer-lost', 'lost'), outMs: fc.nat(50), backMs: fc.nat(50) })
const heard = fc.array(fc.record<MessageHop>({ delayMs: fc.nat(15), copies: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 6 })

/** Schedules over a network that answers every command, late, and delivers every message, perhaps twice or out of order. */
export const calmSchedule = scheduleOf(calls, answered, heard)
/** The same, where processes crash, Redis restarts without its data, links and channels break, and commands and answers are lost. */
export const roughSchedule = scheduleOf([...calls, ...faults], fc.oneof(answered, lossy), heard)
/** Schedules of all kinds of networks in which tags and the whole namespace are invalidated as well. */
export const taggedSchedule = fc.oneof(
  scheduleOf([...calls, { weight: 6, arbitrary: fc.constantFrom('tag', 'tag', 'clear') }], answered, heard),
  scheduleOf([...calls, { weight: 6, arbitrary: fc.constantFrom('tag', 'tag', 'clear') }, ...faults], fc.oneof(answered, lossy), fc.oneof(heard, fc.constant<MessageHop[]>([]))),
)
/** The same, where no changes are heard. */
export const deafSchedule = scheduleOf([...calls, ...faults], fc.oneof(answered, lossy), fc.constant([]))
