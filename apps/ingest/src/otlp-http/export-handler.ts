import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type OtlpEncoding, rejectsBlock, type TranscodedBlock, type TranscodeOptions } from '@ballast/otlp'
import type { Admission, Reservation } from '../admission.ts'
import type { Block, InsertOutcome } from '../batch/block-store.ts'
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
  /** What becomes of values that are secret, too long or too many. */
  readonly values: Pick<TranscodeOptions, 'redaction' | 'limits' | 'cardinality'>
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

  constructor(options: ExportHandlerOptions) {
    this.#options = options
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
      const block = endpoint.transcode(body, { encoding, tenantId, receivedAtUnixNano, ...this.#options.values })
      reservation.resize(block.body.length)
      this.#countTranscoded(endpoint, block)
      if (block.rejects.length > 0) this.#quarantine(block, { signal: endpoint.signal, tenantId, encoding, requestId: randomUUID(), receivedAtUnixNano })
      if (block.rows > 0) await this.#store(endpoint, block)
      return { encoding, body: exportResponseBody(block, endpoint, encoding) }
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

  #countTranscoded({ signal }: SignalEndpoint, block: TranscodedBlock): void {
    const { counters } = this.#options
    counters.received(signal, block.rows + block.rejected.count)
    for (const [reason, count] of block.rejected.reasons) counters.rejected(signal, reason, count)
    for (const [kind, count] of block.warnings) counters.warned(signal, kind, count)
    for (const [rule, hits] of block.redactions) counters.redacted(signal, rule, hits)
  }

  async #store({ signal }: SignalEndpoint, block: TranscodedBlock): Promise<void> {
    const { counters, batches } = this.#options
    const outcome = await batches.append(block)
    switch (outcome.kind) {
      case 'stored':
        counters.stored(signal, block.rows)
        return
      case 'bad-data':
        counters.rejected(signal, 'bad_data', block.rows)
        throw new IngestError('BAD_REQUEST', `ClickHouse cannot store this request: ${outcome.message}`)
      case 'unavailable':
        counters.refused(signal, 'unavailable', block.rows)
        throw unavailable(outcome.message)
    }
  }

  /** Keeps rejected records for inspection. The answer does not wait for it: the sender is told of every rejection anyway. */
  #quarantine(block: TranscodedBlock, source: Parameters<typeof rejectsBlock>[1]): void {
    const { batches, counters } = this.#options
    void batches.append(rejectsBlock(block.rejects, source)).then((outcome) => {
      if (outcome.kind !== 'stored') counters.quarantineLost(block.rejects.length)
    })
  }
}

function unavailable(reason: string): IngestError {
  return new IngestError('UNAVAILABLE', `not stored, send again: ${reason}`, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
