import type { OtlpEncoding, Transcoded } from '@ballast/otlp'
import { type IngestError, ingestErrorCodes } from '../errors.ts'
import type { SignalEndpoint } from './signal.ts'

/** Longest message that is sent; a client may refuse an answer of more than 4 MiB. */
const MAX_MESSAGE_LENGTH = 1000

const LEN = 2

/** `google.rpc.Status` in the request's encoding. */
export function statusBody(error: IngestError, encoding: OtlpEncoding): Buffer {
  const code = ingestErrorCodes[error.code].grpc
  const message = error.message.slice(0, MAX_MESSAGE_LENGTH)
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }))
  return Buffer.concat([varintField(1, code), bytesField(2, Buffer.from(message))])
}

/** `Export…ServiceResponse`: empty, or with `partial_success` when something was rejected or worth telling. */
export function exportResponseBody(transcoded: Transcoded, endpoint: SignalEndpoint, encoding: OtlpEncoding): Buffer {
  const message = partialSuccessMessage(transcoded, endpoint)
  if (message === '') return Buffer.from(encoding === 'json' ? '{}' : '')
  const rejected = transcoded.rejected.count
  if (encoding === 'json') {
    // A 64-bit integer is a string in protobuf's JSON.
    const count = rejected === 0 ? {} : { [endpoint.rejectedField]: String(rejected) }
    return Buffer.from(JSON.stringify({ partialSuccess: { ...count, errorMessage: message } }))
  }
  const count = rejected === 0 ? Buffer.alloc(0) : varintField(1, rejected)
  return bytesField(1, Buffer.concat([count, bytesField(2, Buffer.from(message))]))
}

/** What was rejected and why, with the first record's problem in full; what was odd but stored. Empty when all is well. */
export function partialSuccessMessage(transcoded: Transcoded, endpoint: SignalEndpoint): string {
  const { one, many } = endpoint.record
  const sentences: string[] = []
  const [first] = transcoded.rejects
  if (first !== undefined) {
    const reasons = [...transcoded.rejected.reasons].map(([reason, count]) => `${reason} ${count}`).join(', ')
    const { count } = transcoded.rejected
    sentences.push(`${count} ${count === 1 ? one : many} rejected (${reasons}); the first: ${first.detail}.`)
  }
  if (transcoded.warnings.size > 0) {
    sentences.push(`Stored, but noticed: ${[...transcoded.warnings].map(([kind, count]) => `${kind} ${count}`).join(', ')}.`)
  }
  return sentences.join(' ').slice(0, MAX_MESSAGE_LENGTH)
}

function varintField(field: number, value: number): Buffer {
  return Buffer.from([field << 3, ...varint(value)])
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | LEN, ...varint(bytes.length)]), bytes])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return [...bytes, rest]
}
