import { createHash, randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type OtlpEncoding, rejectsBlock, type TimeBounds, type Transcoded, type TranscodeOptions } from '@ballast/otlp'
import type { Admission, Reservation } from '../admission.ts'
import type { Counters } from '../counters.ts'
import { IngestError } from '../errors.ts'
import type { AcceptableRequest, Journal } from '../journal/journal.ts'
import { DIGEST_BYTES } from '../journal/journal-record.ts'
import type { TenantOf } from '../keys.ts'
import { isKnownContentEncoding, queueFull, tooLarge } from './read-body.ts'
import type { SignalEndpoint } from './signal.ts'

export interface ExportHandlerOptions {
  readonly tenantOf: TenantOf
  readonly admission: Admission
  readonly counters: Counters
  readonly maxBodyBytes: number
  /** Older records are rejected, milliseconds. */
  readonly maxRecordAgeMs: number
  /** Records further in the future are rejected, milliseconds. */
  readonly maxRecordAheadMs: number
  /** What becomes of values that are secret, too long or too many. */
  readonly values: Pick<TranscodeOptions, 'redaction' | 'limits' | 'cardinality'>
  readonly journal: Pick<Journal, 'append' | 'refusal'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A request as it came, whatever the protocol. */
export interface ExportRequest {
  /** HTTP headers, or gRPC metadata: the API key, sizes and encodings are in them. */
  readonly headers: IncomingHttpHeaders
  /** `undefined` when the body is in none that is taken. */
  readonly encoding: OtlpEncoding | undefined
  /**
   * The body, inflated, of at most `limitBytes`, its bytes reserved. Records whose time is not in `times` will be rejected.
   *
   * @throws IngestError
   */
  read(limitBytes: number, reservation: Reservation, times: TimeBounds): Promise<Uint8Array>
  /** Whether its sender still waits for the answer. */
  isAwaited(): boolean
}

/** Advice when the disk fails. */
const RETRY_AFTER_SECONDS = 2

/** Takes export requests: from bytes to rows that are in the journal. */
export class ExportHandler {
  readonly #options: ExportHandlerOptions

  constructor(options: ExportHandlerOptions) {
    this.#options = options
  }

  /** @returns what became of the records, once they are on the disk. @throws IngestError or OtlpError that says what to answer. */
  async handle(endpoint: SignalEndpoint, request: ExportRequest): Promise<Transcoded> {
    const { encoding } = request
    const { signal } = endpoint
    const tenantId = this.#options.tenantOf(request.headers)
    if (tenantId === undefined) {
      throw new IngestError('UNAUTHENTICATED', 'no valid API key; send one as "Authorization: Bearer <key>" or as "x-api-key".')
    }
    if (encoding === undefined) {
      throw new IngestError('UNSUPPORTED_MEDIA_TYPE', `the Content-Type is not taken; send ${endpoint.mediaTypes.join(' or ')}.`)
    }
    const reservation = this.#admit(request)
    try {
      const receivedAtMs = this.#options.now()
      const receivedAtUnixNano = unixNano(receivedAtMs)
      const times = this.#times(receivedAtMs)
      const body = await request.read(this.#options.maxBodyBytes, reservation, times)
      const transcoded = endpoint.transcode(body, { encoding, tenantId, receivedAtUnixNano, times, ...this.#options.values })
      reservation.resize(transcoded.blocks.reduce((sum, block) => sum + block.body.length, 0))
      this.#countTranscoded(endpoint, transcoded)
      // Rejected records are kept for inspection, and accepted with the others or not at all.
      const rejects = transcoded.rejects.length === 0 ? [] : [rejectsBlock(transcoded.rejects, { signal, tenantId, requestId: randomUUID(), receivedAtUnixNano })]
      const blocks = [...transcoded.blocks, ...rejects]
      if (blocks.length > 0) await this.#accept({ tenantId, signal, digest: digestOf(tenantId, endpoint, body), blocks, isAwaited: () => request.isAwaited() }, transcoded.rows)
      return transcoded
    } finally {
      reservation.release()
    }
  }

  /** Refuses, before the body is read, what could not be accepted anyway. */
  #admit(request: ExportRequest): Reservation {
    const { admission, maxBodyBytes, journal } = this.#options
    if (!isKnownContentEncoding(request.headers['content-encoding'])) {
      throw new IngestError('BAD_REQUEST', 'the Content-Encoding is not taken; send none, gzip, deflate or zstd.')
    }
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > maxBodyBytes) throw tooLarge(maxBodyBytes)
    const refusal = journal.refusal(announced)
    if (refusal !== undefined) throw unavailable(refusal.message, refusal.retryAfterSeconds)
    const reservation = admission.reserve(announced)
    if (reservation === undefined) throw queueFull()
    return reservation
  }

  /** What is older is dropped by ClickHouse as soon as it is stored; every other day of an insert is a part of its own. */
  #times(nowMs: number): TimeBounds {
    const { maxRecordAgeMs, maxRecordAheadMs } = this.#options
    return { oldestUnixNano: unixNano(Math.max(0, nowMs - maxRecordAgeMs)), newestUnixNano: unixNano(nowMs + maxRecordAheadMs) }
  }

  #countTranscoded({ signal }: SignalEndpoint, { rows, rejected, warnings, redactions }: Transcoded): void {
    const { counters } = this.#options
    counters.received(signal, rows + rejected.count)
    for (const [reason, count] of rejected.reasons) counters.rejected(signal, reason, count)
    for (const [kind, count] of warnings) counters.warned(signal, kind, count)
    for (const [rule, hits] of redactions) counters.redacted(signal, rule, hits)
  }

  /** Waits until the request is on the disk. */
  async #accept(request: AcceptableRequest, rows: number): Promise<void> {
    const { counters, journal } = this.#options
    const outcome = await journal.append(request)
    if (outcome.kind === 'accepted') return
    if (outcome.kind === 'repeat') {
      counters.deduplicated(request.signal, rows)
      return
    }
    counters.refused(request.signal, outcome.kind === 'full' ? 'journal_full' : 'unavailable', rows)
    throw unavailable(outcome.message, outcome.kind === 'full' ? outcome.retryAfterSeconds : RETRY_AFTER_SECONDS)
  }
}

function unixNano(unixMs: number): bigint {
  return BigInt(unixMs) * 1_000_000n
}

function unavailable(reason: string, retryAfterSeconds: number): IngestError {
  return new IngestError('UNAVAILABLE', `not accepted, send again: ${reason}`, { retryAfterSeconds })
}

/** Names a request by its bytes. SHA-1 is the fastest that Node has natively; whom a collision would hurt is the sender alone. */
function digestOf(tenantId: string, { path }: SignalEndpoint, body: Uint8Array): Uint8Array {
  return createHash('sha1').update(`${tenantId}\n${path}\n`).update(body).digest().subarray(0, DIGEST_BYTES)
}
