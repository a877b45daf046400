import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type OtlpEncoding, rejectsBlock, type Transcoded } from '@ballast/otlp'
import type { Admission, Reservation } from '../admission.ts'
import type { Block, InsertOutcome } from '../batch/block-store.ts'
import { PartlyStored } from '../batch/partly-stored.ts'
import type { Counters } from '../counters.ts'
import type { DatabaseState } from '../database/database-monitor.ts'
import { IngestError } from '../errors.ts'
import type { TenantOf } from '../keys.ts'
import { encodingOf } from './content-type.ts'
import { isKnownContentEncoding, queueFull, readBody, tooLarge } from './read-body.ts'
import { exportResponseBody } from './response-body.ts'
import type { SignalEndpoint } from './signal.ts'

export interface ExportHandlerOptions {
  readonly tenantOf: TenantOf
  readonly admission: Admission
  readonly counters: Counters
  readonly maxBodyBytes: number
  readonly database: () => DatabaseState
  /** Blocks that wait longer than this mean that more requests would only wait too. Milliseconds. */
  readonly maxQueuedAgeMs: number
  readonly batches: { append(block: Block): Promise<InsertOutcome>; readonly oldestAgeMs: number }
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What a success is answered with. */
export interface ExportResponse {
  readonly encoding: OtlpEncoding
  readonly body: Buffer
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000n
const RETRY_AFTER_SECONDS = 2

/** Takes export requests: from bytes to rows that ClickHouse has. */
export class ExportHandler {
  readonly #options: ExportHandlerOptions
  readonly #partlyStored: PartlyStored

  constructor(options: ExportHandlerOptions) {
    this.#options = options
    this.#partlyStored = new PartlyStored(options.now)
  }

  /** @throws IngestError or OtlpError that says what to answer. */
  async handle(endpoint: SignalEndpoint, request: IncomingMessage): Promise<ExportResponse> {
    const encoding = encodingOf(request.headers['content-type'])
    const tenantId = this.#options.tenantOf(request.headers)
    if (tenantId === undefined) {
      throw new IngestError('UNAUTHENTICATED', 'no valid API key; send one as "Authorization: Bearer <key>" or as "x-api-key".')
    }
    if (encoding === undefined) {
      throw new IngestError('UNSUPPORTED_MEDIA_TYPE', 'the Content-Type is not taken; send application/x-protobuf or application/json.')
    }
    const reservation = this.#admit(request)
    try {
      const receivedAtUnixNano = BigInt(this.#options.now()) * NANOSECONDS_PER_MILLISECOND
      const body = await readBody(request, this.#options.maxBodyBytes, reservation)
      const transcoded = endpoint.transcode(body, { encoding, tenantId, receivedAtUnixNano })
      reservation.resize(transcoded.blocks.reduce((sum, block) => sum + block.body.length, 0))
      this.#countTranscoded(endpoint, transcoded)
      if (transcoded.rejects.length > 0) this.#quarantine(transcoded, { signal: endpoint.signal, tenantId, encoding, requestId: randomUUID(), receivedAtUnixNano })
      await this.#store(endpoint, transcoded.blocks)
      return { encoding, body: exportResponseBody(transcoded, endpoint, encoding) }
    } finally {
      reservation.release()
    }
  }

  /** Refuses, before the body is read, what could not be stored anyway. */
  #admit(request: IncomingMessage): Reservation {
    const { admission, database, maxBodyBytes, maxQueuedAgeMs, batches } = this.#options
    if (!isKnownContentEncoding(request.headers['content-encoding'])) {
      throw new IngestError('BAD_REQUEST', 'the Content-Encoding is not taken; send none, gzip, deflate or zstd.')
    }
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > maxBodyBytes) throw tooLarge(maxBodyBytes)
    const state = database()
    if (state.kind !== 'ready') throw unavailable(`ClickHouse does not take inserts now: ${state.reason}`)
    if (batches.oldestAgeMs > maxQueuedAgeMs) throw unavailable('ClickHouse is too slow for what is sent')
    const reservation = admission.reserve(announced)
    if (reservation === undefined) throw queueFull()
    return reservation
  }

  #countTranscoded({ signal }: SignalEndpoint, { rows, rejected, warnings }: Transcoded): void {
    const { counters } = this.#options
    counters.received(signal, rows + rejected.count)
    for (const [reason, count] of rejected.reasons) counters.rejected(signal, reason, count)
    for (const [kind, count] of warnings) counters.warned(signal, kind, count)
  }

  /** Waits until all blocks are stored, or it is known that one is not: the request is answered as a whole. */
  async #store({ signal }: SignalEndpoint, blocks: readonly Block[]): Promise<void> {
    const { counters, batches } = this.#options
    const partlyStored = this.#partlyStored
    const known = blocks.filter((block) => partlyStored.has(block))
    for (const { rows } of known) counters.deduplicated(signal, rows)
    const fresh = blocks.filter((block) => !known.includes(block))
    const outcomes = await Promise.all(fresh.map((block) => batches.append(block)))
    // What is worth sending again comes first: sent again, the rest is refused for good if it must be.
    const later = outcomes.find((outcome) => outcome.kind === 'unavailable')
    const never = outcomes.find((outcome) => outcome.kind === 'bad-data')
    outcomes.forEach((outcome, index) => {
      const block = fresh[index]!
      if (outcome.kind === 'stored') {
        counters.stored(signal, block.rows)
        if (later !== undefined) partlyStored.add(block)
      } else if (outcome.kind === 'bad-data') counters.rejected(signal, 'bad_data', block.rows)
      else counters.refused(signal, 'unavailable', block.rows)
    })
    if (later !== undefined) throw unavailable(later.message)
    if (never !== undefined) throw new IngestError('BAD_REQUEST', `ClickHouse cannot store this request: ${never.message}`)
  }

  /** Keeps rejected records for inspection. The answer does not wait for it: the sender is told of every rejection anyway. */
  #quarantine({ rejects }: Transcoded, source: Parameters<typeof rejectsBlock>[1]): void {
    const { batches, counters } = this.#options
    void batches.append(rejectsBlock(rejects, source)).then((outcome) => {
      if (outcome.kind !== 'stored') counters.quarantineLost(rejects.length)
    })
  }
}

function unavailable(reason: string): IngestError {
  return new IngestError('UNAVAILABLE', `not stored, send again: ${reason}`, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
