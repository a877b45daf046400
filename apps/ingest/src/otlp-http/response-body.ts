import type { OtlpEncoding } from '@ballast/otlp'
import type { ExportOutcome } from '../idempotency/export-outcome.ts'
import { bytesField, varintField } from '../protobuf-fields.ts'
import type { SignalEndpoint } from './signal.ts'

/** Longest message that is sent; a client may refuse an answer of more than 4 MiB. */
const MAX_MESSAGE_LENGTH = 1000

/** `Export…ServiceResponse`: empty, or with `partial_success` when something was rejected or worth telling. */
export function exportResponseBody(outcome: ExportOutcome, endpoint: SignalEndpoint, encoding: OtlpEncoding): Buffer {
  const message = partialSuccessMessage(outcome, endpoint)
  if (message === '') return Buffer.from(encoding === 'json' ? '{}' : '')
  const { rejected } = outcome
  if (encoding === 'json') {
    // A 64-bit integer is a string in protobuf's JSON.
    const count = rejected === 0 ? {} : { [endpoint.rejectedField]: String(rejected) }
    return Buffer.from(JSON.stringify({ partialSuccess: { ...count, errorMessage: message } }))
  }
  const count = rejected === 0 ? Buffer.alloc(0) : varintField(1, rejected)
  return bytesField(1, Buffer.concat([count, bytesField(2, Buffer.from(message))]))
}

/** What was rejected and why, with the first record's problem in full; what was odd but stored. Empty when all is well. */
export function partialSuccessMessage({ rejected, rejectedReasons, firstReject, warnings }: ExportOutcome, endpoint: SignalEndpoint): string {
  const { one, many } = endpoint.record
  const sentences: string[] = []
  if (rejected > 0) {
    const reasons = rejectedReasons.map(([reason, count]) => `${reason} ${count}`).join(', ')
    sentences.push(`${rejected} ${rejected === 1 ? one : many} rejected (${reasons}); the first: ${firstReject}.`)
  }
  if (warnings.length > 0) {
    sentences.push(`Stored, but noticed: ${warnings.map(([kind, count]) => `${kind} ${count}`).join(', ')}.`)
  }
  return sentences.join(' ').slice(0, MAX_MESSAGE_LENGTH)
}
