import { createHash, randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type OtlpEncoding, rejectsBlock, type TimeBounds, type Transcoded, type TranscodeOptions } from '@ballast/otlp'
import type { Admission, Reservation } from '../admission.ts'
import type { Counters } from '../counters.ts'
import { IngestError } from '../errors.ts'
import type { FairQueue } from '../fairness/fair-queue.ts'
import { type Priority, priorityOf } from '../fairness/priority.ts'
import { type ExportOutcome, outcomeOf } from '../idempotency/export-outcome.ts'
import { IDEMPOTENCY_HEADER, type IdempotencyKeys } from '../idempotency/idempotency-keys.ts'
import type { Journal } from '../journal/journal.ts'
import { DIGEST_BYTES } from '../journal/journal-record.ts'
import type { Ledger, Whose } from '../ledger/ledger.ts'
import type { Quotas } from '../quotas/quotas.ts'
import type { Receipts } from '../receipts/receipt.ts'
import type { Authenticate } from '../tenants/authenticate.ts'
import { deadlineOf } from './deadline.ts'
import { isKnownContentEncoding, queueFull, tooLarge } from './read-body.ts'
import type { SignalEndpoint } from './signal.ts'

export interface ExportHandlerOptions {
  readonly authenticate: Authenticate
  readonly quotas: Quotas
  readonly admission: Admission
  readonly turns: FairQueue
  readonly idempotency: IdempotencyKeys
  readonly counters: Pick<Counters, 'warned' | 'redacted'>
  readonly ledger: Ledger
  readonly receipts: Receipts
  readonly maxBodyBytes: number
  /** Older records are rejected, milliseconds. */
  readonly maxRecordAgeMs: number
  /** Records further in the future are rejected, milliseconds. */
  readonly maxRecordAheadMs: number
  /** What becomes of values that are secret, too long or too many. */
  readonly values: Pick<TranscodeOptions, 'redaction' | 'limits' | 'cardinality'>
  /** Which records of a tenant are left out now. */
  readonly samplingOf: (tenantId: string) => TranscodeOptions['sampling']
  readonly journal: Pick<Journal, 'append' | 'refusal' | 'bytes' | 'maxBytes'>
  /** Seconds until the journal has stored so many bytes. */
  readonly journalRetryAfterSeconds: (bytes: number) => number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What is known of a request before its body. */
export interface ExportHead {
  /** HTTP headers, or gRPC metadata: the API key, sizes and encodings are in them. */
  readonly headers: IncomingHttpHeaders
  /** `undefined` when the body is in none that is taken. */
  readonly encoding: OtlpEncoding | undefined
  /** @default 'normal' */
  readonly priority?: Priority
}

/** A request as it came, whatever the protocol. */
export interface ExportRequest extends ExportHead {
  /** When its sender gives up, milliseconds since 1970, beside what the headers say. */
  readonly deadlineAtMs?: number
  /**
   * The body, inflated, of at most `limitBytes`, its bytes reserved. Records whose time is not in `times` will be rejected.
   *
   * @throws IngestError
   */
  read(limitBytes: number, reservation: Reservation, times: TimeBounds): Promise<Uint8Array>
  /** Whether its sender still waits for the answer. */
  isAwaited(): boolean
}

/** A request that is admitted, with its body. */
interface AdmittedRequest extends Whose {
  readonly endpoint: SignalEndpoint
  readonly encoding: OtlpEncoding
  readonly priority: Priority
  readonly deadlineAtMs: number
  readonly request: ExportRequest
  readonly reservation: Reservation
  readonly body: Uint8Array
  readonly receivedAtMs: number
  readonly times: TimeBounds
  readonly digest: Buffer
}

/** Part of the journal's bytes above which nobody may burst, and nothing of low priority is taken. */
const JOURNAL_HIGH_WATER = 0.8

/** Part of a saved-up quota that cannot be spent then. */
const KEPT_WHEN_NEARLY_FULL = 0.5

/** Records that are older open partitions which today's inserts do not have: they go into inserts of their own, milliseconds. */
const LATE_MS = 2 * 86_400_000

/** Advice when the disk fails. */
const RETRY_AFTER_SECONDS = 2

/** What answers export requests, whatever the protocol. */
export type RequestHandler = Pick<ExportHandler, 'handle' | 'refusal'>

/** Takes export requests: from bytes to rows that are in the journal. */
export class ExportHandler {
  readonly #options: ExportHandlerOptions

  constructor(options: ExportHandlerOptions) {
    this.#options = options
  }

  /**
   * Why a request is refused, where its head says so and nothing must be waited for: a sender that sends too much is to cost next
   * to nothing. To be asked once for each request, because it is counted; {@link handle} looks again.
   */
  refusal(endpoint: SignalEndpoint, head: ExportHead): IngestError | undefined {
    const { signal } = endpoint
    let tenantId: string | Promise<string>
    try {
      tenantId = this.#options.authenticate(head.headers, signal)
    } catch (error) {
      if (error instanceof IngestError) return error
      throw error
    }
    if (typeof tenantId !== 'string') {
      tenantId.catch(() => undefined)
      return undefined
    }
    const refusal = this.#check(endpoint, head, tenantId)
    if (refusal !== undefined) this.#countTurnedAway({ tenantId, signal }, refusal)
    return refusal
  }

  /** @returns what became of the records, once they are on the disk. @throws IngestError or OtlpError that says what to answer. */
  async handle(endpoint: SignalEndpoint, request: ExportRequest): Promise<ExportOutcome> {
    const { headers } = request
    const { quotas, idempotency, ledger, maxBodyBytes } = this.#options
    const whose = { tenantId: await this.#options.authenticate(headers, endpoint.signal), signal: endpoint.signal }
    const { tenantId } = whose
    const deadlineAtMs = Math.min(request.deadlineAtMs ?? Number.POSITIVE_INFINITY, deadlineOf(headers, this.#options.now()))
    let reservation: Reservation | undefined
    try {
      const refusal = this.#check(endpoint, request, tenantId)
      if (refusal !== undefined) throw refusal
      const priority = priorityOf(headers, request.priority ?? 'normal')
      reservation = this.#reserve(tenantId, headers, priority)
      const receivedAtMs = this.#options.now()
      const times = this.#times(receivedAtMs)
      const body = await request.read(maxBodyBytes, reservation, times)
      quotas.take(tenantId, body.length, 0)
      ledger.request(whose, body.length)
      // Without an encoding it has been refused.
      const admitted = { ...whose, endpoint, encoding: request.encoding!, priority, deadlineAtMs, request, reservation, body, receivedAtMs, times, digest: digestOf(tenantId, endpoint, body) }
      const key = headers[IDEMPOTENCY_HEADER]
      if (typeof key !== 'string' || key === '') return await this.#take(admitted)
      const { outcome, isRepeat } = await idempotency.once(tenantId, key, admitted.digest.toString('hex'), () => this.#take(admitted))
      if (isRepeat) {
        ledger.received(whose, outcome.accepted + outcome.rejected)
        ledger.deduplicated(whose, outcome.accepted + outcome.rejected)
      }
      return outcome
    } catch (error) {
      if (error instanceof IngestError) this.#countTurnedAway(whose, error)
      throw error
    } finally {
      reservation?.release()
    }
  }

  #countTurnedAway(whose: Whose, { code, retryAfterSeconds }: IngestError): void {
    if (retryAfterSeconds !== undefined) this.#options.ledger.turnedAway(whose, code)
  }

  /** What could not be accepted anyway is refused before its body is read. Returned, because to throw it costs more than to find it out. */
  #check(endpoint: SignalEndpoint, { headers, encoding, priority = 'normal' }: ExportHead, tenantId: string): IngestError | undefined {
    const { maxBodyBytes, journal, quotas, journalRetryAfterSeconds } = this.#options
    if (encoding === undefined) return new IngestError('UNSUPPORTED_MEDIA_TYPE', `the Content-Type is not taken; send ${endpoint.mediaTypes.join(' or ')}.`)
    if (!isKnownContentEncoding(headers['content-encoding'])) return new IngestError('BAD_REQUEST', 'the Content-Encoding is not taken; send none, gzip, deflate or zstd.')
    const announced = announcedBytes(headers)
    if (announced > maxBodyBytes) return tooLarge(maxBodyBytes)
    const isNearlyFull = journal.bytes > JOURNAL_HIGH_WATER * journal.maxBytes
    if (isNearlyFull && priorityOf(headers, priority) === 'low') return unavailable('the journal is nearly full, and the request of low priority', journalRetryAfterSeconds(journal.bytes - JOURNAL_HIGH_WATER * journal.maxBytes))
    const overQuota = quotas.refusal(tenantId, announced, isNearlyFull ? KEPT_WHEN_NEARLY_FULL : 0)
    if (overQuota !== undefined) return overQuota
    const full = journal.refusal(announced)
    return full && unavailable(full.message, journalRetryAfterSeconds(full.missingBytes))
  }

  #reserve(tenantId: string, headers: IncomingHttpHeaders, priority: Priority): Reservation {
    const { admission, turns } = this.#options
    const announced = announcedBytes(headers)
    const reservation = admission.reserve(tenantId, announced, priority)
    if (reservation === undefined) throw queueFull(turns.retryAfterSeconds(announced))
    return reservation
  }

  /** Decodes and writes when it is the request's turn. */
  async #take(admitted: AdmittedRequest): Promise<ExportOutcome> {
    const { tenantId, signal, endpoint, encoding, priority, deadlineAtMs, request, reservation, body, receivedAtMs, times } = admitted
    const { turns, values, samplingOf, quotas } = this.#options
    const endTurn = await turns.enter({ tenantId, bytes: body.length, priority, deadlineAtMs, isAwaited: () => request.isAwaited() })
    try {
      const receivedAtUnixNano = unixNano(receivedAtMs)
      const transcoded = endpoint.transcode(body, { encoding, tenantId, receivedAtUnixNano, times, ...values, sampling: samplingOf(tenantId) })
      reservation.resize(transcoded.blocks.reduce((sum, block) => sum + block.body.length, 0))
      quotas.take(tenantId, 0, transcoded.rows + transcoded.sampled + transcoded.rejected.count)
      this.#countTranscoded(admitted, transcoded)
      // Rejected records are kept for inspection, and accepted with the others or not at all.
      const rejects = transcoded.rejects.length === 0 ? [] : [rejectsBlock(transcoded.rejects, { signal, tenantId, requestId: randomUUID(), receivedAtUnixNano })]
      const blocks = [...transcoded.blocks, ...rejects]
      const receipt = blocks.length === 0 ? undefined : await this.#accept(admitted, blocks, transcoded)
      return outcomeOf(tenantId, transcoded, receipt)
    } finally {
      endTurn()
    }
  }

  /** What is older is dropped by ClickHouse as soon as it is stored; every other day of an insert is a part of its own. */
  #times(nowMs: number): TimeBounds {
    const { maxRecordAgeMs, maxRecordAheadMs } = this.#options
    return { oldestUnixNano: unixNano(Math.max(0, nowMs - maxRecordAgeMs)), lateBeforeUnixNano: unixNano(nowMs - LATE_MS), newestUnixNano: unixNano(nowMs + maxRecordAheadMs) }
  }

  #countTranscoded(whose: Whose, { rows, sampled, late, rejected, warnings, redactions }: Transcoded): void {
    const { counters, ledger } = this.#options
    ledger.received(whose, rows + sampled + rejected.count)
    ledger.sampled(whose, sampled)
    for (const [reason, count] of rejected.reasons) ledger.rejected(whose, reason, count)
    if (late > 0) counters.warned(whose.signal, 'late', late)
    for (const [kind, count] of warnings) counters.warned(whose.signal, kind, count)
    for (const [rule, hits] of redactions) counters.redacted(whose.signal, rule, hits)
  }

  /** Waits until the request is on the disk; returns its receipt. */
  async #accept({ tenantId, signal, digest, request }: AdmittedRequest, blocks: Transcoded['blocks'], { rows, late }: Transcoded): Promise<string | undefined> {
    const { ledger, journal, receipts, journalRetryAfterSeconds } = this.#options
    const outcome = await journal.append({ tenantId, signal, digest, blocks, isLate: late > 0, isAwaited: () => request.isAwaited() })
    const whose = { tenantId, signal }
    switch (outcome.kind) {
      case 'accepted':
        ledger.accepted({ ...whose, acceptedAtMs: outcome.acceptedAtMs }, rows)
        return receipts.make(tenantId, outcome.sequence)
      case 'repeat':
        ledger.deduplicated(whose, rows)
        return undefined
      case 'full':
        ledger.refused(whose, 'journal_full', rows)
        throw unavailable(outcome.message, journalRetryAfterSeconds(outcome.missingBytes))
      case 'unavailable':
        ledger.refused(whose, 'unavailable', rows)
        throw unavailable(outcome.message, RETRY_AFTER_SECONDS)
    }
  }
}

function announcedBytes(headers: IncomingHttpHeaders): number {
  return Number(headers['content-length'] ?? 0)
}

function unixNano(unixMs: number): bigint {
  return BigInt(unixMs) * 1_000_000n
}

function unavailable(reason: string, retryAfterSeconds: number): IngestError {
  return new IngestError('UNAVAILABLE', `not accepted, send again: ${reason}`, { retryAfterSeconds })
}

/** Names a request by its bytes. SHA-1 is the fastest that Node has natively; whom a collision would hurt is the sender alone. */
function digestOf(tenantId: string, { path }: SignalEndpoint, body: Uint8Array): Buffer {
  return createHash('sha1').update(`${tenantId}\n${path}\n`).update(body).digest().subarray(0, DIGEST_BYTES)
}
