import type { QueryFigures } from '../engine/engine-messages.ts'
import type { QueryRun } from '../engine/query-run.ts'
import type { Spool } from '../insert/spool.ts'
import type { QueryRequest } from './query-request.ts'
import type { QueryResponse } from './query-response.ts'

/** A result up to this size goes out whole, with its length and figures. Bytes. */
const WHOLE_RESULT_BYTES = 2 ** 20
/** The most that `buffer_size` can ask to be kept in memory; beyond it a result goes out as it comes. Bytes. */
const MAX_BUFFER_BYTES = 32 * 2 ** 20

/** Sends a small result whole and a large one as it comes, or, with `wait_end_of_query`, from a file when the query has ended. */
export async function sendResult(run: QueryRun, query: QueryRequest, response: QueryResponse, spool: Spool, signal: AbortSignal): Promise<QueryFigures> {
  const kept: Uint8Array[] = []
  const keepBytes = Math.min(Math.max(WHOLE_RESULT_BYTES, query.bufferBytes), MAX_BUFFER_BYTES)
  let keptBytes = 0
  while (keptBytes <= keepBytes) {
    const step = await run.next()
    if (step.type === 'done') {
      await response.whole(Buffer.concat(kept), step.figures)
      return step.figures
    }
    kept.push(step.bytes)
    keptBytes += step.bytes.length
  }
  if (query.waitEndOfQuery) {
    const rest = new RestOfRun(run, kept)
    return spool.with(rest.pieces(), async (path) => {
      await response.file(spool.read(path), rest.figures)
      return rest.figures
    })
  }
  for (const bytes of kept.splice(0)) await response.piece(bytes)
  for (;;) {
    const step = await run.next()
    if (step.type === 'done') {
      if (!signal.aborted) await response.end()
      return step.figures
    }
    await response.piece(step.bytes)
  }
}

/** The pieces of a run from its beginning, and its figures once they have been read. */
class RestOfRun {
  readonly #run: QueryRun
  readonly #first: Uint8Array[]
  figures: QueryFigures = { readRows: 0, readBytes: 0, resultRows: 0, resultBytes: 0, writtenRows: 0, writtenBytes: 0 }

  constructor(run: QueryRun, first: Uint8Array[]) {
    this.#run = run
    this.#first = first
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    yield* this.#first.splice(0)
    for (;;) {
      const step = await this.#run.next()
      if (step.type === 'done') {
        this.figures = step.figures
        return
      }
      yield step.bytes
    }
  }
}
