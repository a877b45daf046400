import type { Connection } from './connection.ts'
import type { ReadAnswer } from './shared-tier.ts'

interface Waiting {
  readonly keys: string[]
  readonly answers: ReadAnswer[]
}

/** Most keys of one MGET. */
const MAX_BATCH = 512

/** Reads of one turn of the event loop go out as one MGET. On a cluster each key goes to its node alone, because keys lie in different slots. */
export class BatchReader {
  readonly #connection: Connection
  readonly #run: <T>(command: () => Promise<T>) => Promise<T | undefined>
  #waiting: Waiting | undefined

  /** @param run - runs a command under the deadline and the breaker; resolves with `undefined` when Redis is unavailable. */
  constructor(connection: Connection, run: <T>(command: () => Promise<T>) => Promise<T | undefined>) {
    this.#connection = connection
    this.#run = run
  }

  /** Answers with the bytes under a key; `null` when there are none, `undefined` when Redis is unavailable. */
  read(key: string, answer: ReadAnswer): void {
    if (this.#connection.isCluster) {
      void this.#readAlone(key, answer)
      return
    }
    if (this.#waiting === undefined) {
      this.#waiting = { keys: [], answers: [] }
      // After the promise jobs of this turn: reads that follow from one reply leave together too.
      queueMicrotask(this.#schedule)
    }
    this.#waiting.keys.push(key)
    this.#waiting.answers.push(answer)
    if (this.#waiting.keys.length === MAX_BATCH) this.#flush()
  }

  readonly #schedule = (): void => {
    process.nextTick(this.#flush)
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    void this.#send(waiting)
  }

  async #send({ keys, answers }: Waiting): Promise<void> {
    const replies = await this.#run(() => this.#connection.client.mgetBuffer(keys))
    for (let i = 0; i < answers.length; i++) answers[i]!(replies === undefined ? undefined : (replies[i] ?? null))
  }

  // MGET and not GET: a key of another type reads as none, not as an error.
  async #readAlone(key: string, answer: ReadAnswer): Promise<void> {
    const replies = await this.#run(() => this.#connection.client.mgetBuffer(key))
    answer(replies === undefined ? undefined : (replies[0] ?? null))
  }
}
