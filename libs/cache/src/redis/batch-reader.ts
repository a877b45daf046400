import type { Connection } from './connection.ts'
import type { ValueTaker } from './reply-splitter.ts'
import type { Run } from './run.ts'
import type { ReadAnswer } from './shared-tier.ts'
import { TickBatch } from './tick-batch.ts'

/** Takes what is under a key, and under the one that was read with it. Must not throw. */
export type PairAnswer = (bytes: Buffer | null | undefined, beside: Buffer | null | undefined) => void

class Read {
  readonly key: string
  /** Read no earlier than the key, for {@link PairAnswer}. */
  readonly beside: string | undefined
  readonly answer: PairAnswer

  constructor(key: string, beside: string | undefined, answer: PairAnswer) {
    this.key = key
    this.beside = beside
    this.answer = answer
  }
}

/** Most keys of one MGET. Twice as many as of a script that loads: Redis has little to do for each, and each command costs this process a write. */
const MAX_KEYS = 64

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
    const read = new Read(key, undefined, answer)
    if (this.#connection.isCluster) void this.#send([read])
    else this.#batch.add(read)
  }

  /** The same, and with what is under another key of the same slot at that moment or later. */
  readPair(key: string, beside: string, answer: PairAnswer): void {
    if (this.#connection.isCluster) void this.#sendPair(key, beside, answer)
    else this.#batch.add(new Read(key, beside, answer))
  }

  // MGET for one key, too, and not GET: a key of another type reads as none, not as an error.
  async #send(reads: readonly Read[]): Promise<void> {
    const batch = new Batch(reads)
    await this.#run(() => this.#connection.read(batch.keys, batch))
    batch.end()
  }

  /** Two commands, in this order: while their slot moves to another master, no command can take two keys of it. */
  async #sendPair(key: string, beside: string, answer: PairAnswer): Promise<void> {
    const [first, second] = await Promise.all([key, beside].map((one) => this.#run(() => this.#connection.client.mgetBuffer([one]))))
    answer(first === undefined ? undefined : (first[0] ?? null), second === undefined ? undefined : (second[0] ?? null))
  }
}

/** The reads of one command. */
class Batch implements ValueTaker {
  readonly #reads: readonly Read[]
  /** What lies under the second key of pairs, which is the same for all of a tier, and so is read first. */
  readonly #hasBeside: boolean
  #beside: Buffer | null | undefined
  readonly keys: string[]
  /** Values that have come. */
  #taken = 0

  constructor(reads: readonly Read[]) {
    this.#reads = reads
    const beside = reads.find((read) => read.beside !== undefined)?.beside
    this.#hasBeside = beside !== undefined
    this.keys = reads.map(({ key }) => key)
    if (beside !== undefined) this.keys.unshift(beside)
  }

  take(bytes: Buffer | null): void {
    const place = this.#taken++ - (this.#hasBeside ? 1 : 0)
    if (place < 0) this.#beside = bytes === null ? null : Buffer.from(bytes)
    else this.#reads[place]?.answer(bytes, this.#beside)
  }

  /** Redis says nothing more: who has no answer has none. What comes later is dropped. */
  end(): void {
    for (let place = Math.max(0, this.#taken - (this.#hasBeside ? 1 : 0)); place < this.#reads.length; place++) this.#reads[place]!.answer(undefined, undefined)
    this.#taken = Number.POSITIVE_INFINITY
  }
}
