import type { Connection } from './connection.ts'
import type { Run } from './run.ts'
import type { ReadAnswer } from './shared-tier.ts'
import { TickBatch } from './tick-batch.ts'

interface Read {
  readonly key: string
  readonly answer: ReadAnswer
}

/** Most keys of one MGET. */
const MAX_KEYS = 32

/** Reads of one turn of the event loop go out as MGETs. On a cluster each key goes to its node alone, because keys lie in different slots. */
export class BatchReader {
  readonly #connection: Connection
  readonly #run: Run
  readonly #batch: TickBatch<Read>

  constructor(connection: Connection, run: Run) {
    this.#connection = connection
    this.#run = run
    this.#batch = new TickBatch(MAX_KEYS, (reads) => void this.#send(reads))
  }

  /** Answers with the bytes under a key; `null` when there are none, `undefined` when Redis is unavailable. */
  read(key: string, answer: ReadAnswer): void {
    if (this.#connection.isCluster) void this.#send([{ key, answer }])
    else this.#batch.add({ key, answer })
  }

  // MGET for one key, too, and not GET: a key of another type reads as none, not as an error.
  async #send(reads: readonly Read[]): Promise<void> {
    const replies = await this.#run(() => this.#connection.client.mgetBuffer(reads.map(({ key }) => key)))
    for (let i = 0; i < reads.length; i++) reads[i]!.answer(replies === undefined ? undefined : (replies[i] ?? null))
  }
}
