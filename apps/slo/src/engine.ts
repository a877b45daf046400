import type { Logger } from '@ballast/service'
import type { AlertBook } from './alert/alert-book.ts'
import type { ChangeKeeper } from './corrections/change-keeper.ts'
import { SloError } from './errors.ts'
import type { Measurement } from './measure/measurement.ts'
import { type Evaluation, evaluate } from './objective/evaluation.ts'
import { readingOf } from './objective/reading.ts'
import type { ObjectiveSet } from './openslo/objective-set.ts'
import type { Problem } from './openslo/problem.ts'

/** Where objectives come from: the same object as long as nothing changed. */
export interface ObjectiveSource {
  read(): Promise<ObjectiveSet>
}

export interface EngineOptions {
  readonly source: ObjectiveSource
  readonly measurement: Measurement
  readonly alerts: AlertBook
  /** Keeps what definitions said before; without it targets rewrite history. */
  readonly changes?: ChangeKeeper
  readonly log: Logger
  /** The clock, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
}

/** A refused query is repeated by the database in its message, characters. */
const MAX_FAILURE_LENGTH = 300

/** What the engine knows: replaced as a whole by each tick. */
export interface EngineState {
  readonly set: ObjectiveSet | undefined
  /** In the order of the objectives; empty until the first measurement. */
  readonly evaluations: readonly Evaluation[]
  /** Up to when events are counted, milliseconds since the epoch; `undefined` before the first measurement. */
  readonly watermarkMs: number | undefined
  /** When it was last measured. */
  readonly measuredAtMs: number | undefined
  /** Why the last tick could not measure; `undefined` when it could. */
  readonly failure: string | undefined
  readonly ticks: { readonly measured: number; readonly failed: number }
  readonly lastTickMs: number
}

/**
 * One tick: read the objectives, measure, evaluate, move the alerts. The same work whether all is well or not.
 * What cannot be measured changes nothing: alerts neither fire nor resolve until it can.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #now: () => number
  #unmeasured: readonly string[] = []
  /** The objectives as they were read; the state has them with their older targets. */
  #read: ObjectiveSet | undefined
  #state: EngineState = {
    set: undefined,
    evaluations: [],
    watermarkMs: undefined,
    measuredAtMs: undefined,
    failure: undefined,
    ticks: { measured: 0, failed: 0 },
    lastTickMs: 0,
  }

  constructor(options: EngineOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  get state(): EngineState {
    return this.#state
  }

  /** Never rejects: a failure is state, logged when it begins and when it ends. */
  async tick(signal: AbortSignal): Promise<void> {
    const startedAt = performance.now()
    const { ticks, failure: before } = this.#state
    let failure: string | undefined
    try {
      await this.#run(signal)
    } catch (error) {
      if (signal.aborted) return
      failure = (error instanceof Error ? error.message : String(error)).slice(0, MAX_FAILURE_LENGTH)
      await this.#idle()
      if (failure !== before) this.#options.log.error({ err: error }, 'cannot measure; alerts stay as they are until it can')
    }
    if (failure === undefined && before !== undefined) this.#options.log.info('measuring again')
    this.#state = {
      ...this.#state,
      failure,
      ticks: failure === undefined ? { ...ticks, measured: ticks.measured + 1 } : { ...ticks, failed: ticks.failed + 1 },
      lastTickMs: performance.now() - startedAt,
    }
  }

  /** @throws SloError NOT_MEASURED when the last good measurement is older than `maxAgeMs`. */
  checkFresh(maxAgeMs: number): void {
    const { measuredAtMs, failure } = this.#state
    if (measuredAtMs !== undefined && this.#now() - measuredAtMs <= maxAgeMs) return
    const since = measuredAtMs === undefined ? 'not measured yet' : `not measured since ${new Date(measuredAtMs).toISOString()}`
    throw new SloError('NOT_MEASURED', failure === undefined ? since : `${since}: ${failure}`)
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { source, measurement, alerts, changes } = this.#options
    const read = await source.read()
    // An objective that is missing because of an error in a file is not gone: its alert waits for the file to be mended.
    const isWhole = !read.problems.some(({ level }) => level === 'error')
    if (read !== this.#read) {
      const objectives = (await changes?.adopt(read.objectives, this.#state.evaluations, { nowMs: this.#now(), removable: isWhole, signal })) ?? read.objectives
      this.#adopt({ ...read, objectives })
      this.#read = read
    }
    const set = this.#state.set!
    const nowMs = this.#now()
    const watermarkMs = await measurement.refresh(set.objectives, nowMs, signal)
    const previous = new Map(this.#state.evaluations.map((evaluation) => [evaluation.objective.name, evaluation]))
    const measured: Evaluation[] = []
    // What could not be measured keeps its last figures, and its alerts stay as they are.
    const evaluations = set.objectives.flatMap((objective) => {
      const reading = readingOf(objective, measurement, nowMs)
      const before = previous.get(objective.name)
      if (reading === undefined) return before ?? []
      const evaluation = evaluate(objective, reading, before)
      measured.push(evaluation)
      return evaluation
    })
    this.#logUnmeasured(measurement.failures)
    const names = new Set(set.objectives.map(({ name }) => name))
    await alerts.update(measured, (objective) => isWhole && !names.has(objective), nowMs)
    this.#state = { ...this.#state, evaluations, watermarkMs, measuredAtMs: nowMs }
    await changes?.keep(evaluations, signal)
  }

  /** What is on its way goes on while nothing can be measured. */
  async #idle(): Promise<void> {
    try {
      await this.#options.alerts.idle(this.#now())
    } catch {
      // Nothing is known of alerts yet; the failure of the tick says why.
    }
  }

  /** Says which sources cannot be read when that begins. */
  #logUnmeasured(failures: readonly string[]): void {
    for (const failure of failures) {
      if (!this.#unmeasured.includes(failure)) this.#options.log.error({ source: failure.slice(0, MAX_FAILURE_LENGTH) }, 'a source cannot be read; objectives on it stay as they are until it can')
    }
    this.#unmeasured = failures
  }

  #adopt(set: ObjectiveSet): void {
    const { log } = this.#options
    const known = new Set(this.#state.set?.problems.map(({ message }) => message))
    for (const problem of set.problems.filter(({ message }) => !known.has(message))) logProblem(log, problem)
    log.info({ objectives: set.objectives.length, problems: set.problems.length }, 'objectives read')
    this.#state = { ...this.#state, set }
  }
}

function logProblem(log: Logger, { level, message, ...facts }: Problem): void {
  if (level === 'error') log.error(facts, message)
  else log.warn(facts, message)
}
